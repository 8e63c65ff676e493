#include <cblas.h>
#include <stddef.h>

/* LAPACK's Fortran routines, which Debian's OpenBLAS holds without declaring them. Matrices are column-major; `z` routines take
   complex numbers of two doubles. The last arguments are the lengths of the character arguments, as Fortran compilers pass them. */

#define APUS_LAPACK(p, T)                                                                                                       \
    void p##getrf_(const int *m, const int *n, T *a, const int *lda, int *ipiv, int *info);                                     \
    void p##getrs_(const char *trans, const int *n, const int *nrhs, const T *a, const int *lda, const int *ipiv, T *b,         \
                   const int *ldb, int *info, size_t);                                                                          \
    void p##getri_(const int *n, T *a, const int *lda, const int *ipiv, T *work, const int *lwork, int *info);                  \
    void p##potrf_(const char *uplo, const int *n, T *a, const int *lda, int *info, size_t);                                    \
    void p##potrs_(const char *uplo, const int *n, const int *nrhs, const T *a, const int *lda, T *b, const int *ldb,           \
                   int *info, size_t);                                                                                          \
    void p##geqrf_(const int *m, const int *n, T *a, const int *lda, T *tau, T *work, const int *lwork, int *info);

APUS_LAPACK(d, double)
APUS_LAPACK(z, void)

void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda, const double *tau, double *work,
             const int *lwork, int *info);
void zungqr_(const int *m, const int *n, const int *k, void *a, const int *lda, const void *tau, void *work, const int *lwork,
             int *info);

void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u, const int *ldu,
             double *vt, const int *ldvt, double *work, const int *lwork, int *iwork, int *info, size_t);
void zgesdd_(const char *jobz, const int *m, const int *n, void *a, const int *lda, double *s, void *u, const int *ldu, void *vt,
             const int *ldvt, void *work, const int *lwork, double *rwork, int *iwork, int *info, size_t);

void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);
void zheevd_(const char *jobz, const char *uplo, const int *n, void *a, const int *lda, double *w, void *work, const int *lwork,
             double *rwork, const int *lrwork, int *iwork, const int *liwork, int *info, size_t, size_t);

void zgeev_(const char *jobvl, const char *jobvr, const int *n, void *a, const int *lda, void *w, void *vl, const int *ldvl,
            void *vr, const int *ldvr, void *work, const int *lwork, double *rwork, int *info, size_t, size_t);

void dgelsy_(const int *m, const int *n, const int *nrhs, double *a, const int *lda, double *b, const int *ldb, int *jpvt,
             const double *rcond, int *rank, double *work, const int *lwork, int *info);
void zgelsy_(const int *m, const int *n, const int *nrhs, void *a, const int *lda, void *b, const int *ldb, int *jpvt,
             const double *rcond, int *rank, void *work, const int *lwork, double *rwork, int *info);

void zgees_(const char *jobvs, const char *sort, void *select, const int *n, void *a, const int *lda, int *sdim, void *w,
            void *vs, const int *ldvs, void *work, const int *lwork, double *rwork, int *bwork, int *info, size_t, size_t);
