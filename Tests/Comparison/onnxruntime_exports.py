#!/usr/bin/env python3
"""Models that scikit-learn, LightGBM and XGBoost train and skl2onnx and onnxmltools export, against ONNX Runtime.

    python3 Tests/Comparison/onnxruntime_exports.py [--apus .build/release/apus] [--only REGEX] [--seed N]

Needs `pip install onnx onnxruntime numpy scikit-learn skl2onnx onnxmltools lightgbm xgboost`; what is not installed is left out.
"""
import argparse
import re
import sys
import warnings

import numpy as np
import onnxruntime

import comparison

ROWS, FEATURES = 120, 6


def data(random, classes=0, holes=False, positive=False):
    """A table and what follows from it: numbers, or classes."""
    x = random.normal(size=(ROWS, FEATURES)).astype(np.float32)
    if positive:
        x = np.abs(x)
    score = x @ random.normal(size=FEATURES) + np.sin(3 * x[:, 0])
    if holes:
        x[random.random(x.shape) < 0.15] = np.nan
    if classes == 0:
        return x, score.astype(np.float32)
    return x, np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1]))


def sklearn_models():
    """(name, estimator, classes or 0, options of the data)"""
    from sklearn import ensemble, gaussian_process, linear_model, naive_bayes, neighbors, neural_network, svm, tree
    for classes in (2, 3):
        for estimator in [
            tree.DecisionTreeClassifier(max_depth=4), ensemble.RandomForestClassifier(8, max_depth=4), ensemble.ExtraTreesClassifier(8),
            ensemble.GradientBoostingClassifier(n_estimators=6), ensemble.HistGradientBoostingClassifier(max_iter=6),
            ensemble.AdaBoostClassifier(n_estimators=4), ensemble.BaggingClassifier(n_estimators=4),
            ensemble.VotingClassifier([("a", linear_model.LogisticRegression()), ("b", tree.DecisionTreeClassifier(max_depth=3))], flatten_transform=False),
            linear_model.LogisticRegression(), linear_model.RidgeClassifier(), linear_model.SGDClassifier(loss="log_loss"),
            linear_model.Perceptron(), svm.SVC(), svm.SVC(probability=True), svm.SVC(kernel="poly"), svm.SVC(kernel="linear"),
            svm.NuSVC(kernel="sigmoid", nu=0.3), svm.LinearSVC(), naive_bayes.GaussianNB(), naive_bayes.BernoulliNB(),
            neighbors.KNeighborsClassifier(3), neural_network.MLPClassifier((8,), max_iter=60),
        ]:
            yield estimator, classes, {}
        yield naive_bayes.MultinomialNB(), classes, {"positive": True}
        yield ensemble.HistGradientBoostingClassifier(max_iter=5), classes, {"holes": True}
    for estimator in [
        tree.DecisionTreeRegressor(max_depth=4), ensemble.RandomForestRegressor(8, max_depth=4), ensemble.ExtraTreesRegressor(8),
        ensemble.GradientBoostingRegressor(n_estimators=8), ensemble.HistGradientBoostingRegressor(max_iter=8),
        ensemble.AdaBoostRegressor(n_estimators=4), ensemble.BaggingRegressor(n_estimators=4), linear_model.LinearRegression(),
        linear_model.Ridge(), linear_model.Lasso(0.1), linear_model.HuberRegressor(), linear_model.PoissonRegressor(),
        svm.SVR(), svm.SVR(kernel="poly"), svm.NuSVR(kernel="sigmoid"), svm.LinearSVR(), neighbors.KNeighborsRegressor(3),
        neural_network.MLPRegressor(hidden_layer_sizes=(8,), max_iter=60), gaussian_process.GaussianProcessRegressor(),
    ]:
        yield estimator, 0, {"positive": True} if "Poisson" in type(estimator).__name__ else {}
    yield ensemble.HistGradientBoostingRegressor(max_iter=5), 0, {"holes": True}
    for estimator in [ensemble.IsolationForest(n_estimators=6), svm.OneClassSVM(), neighbors.LocalOutlierFactor(novelty=True)]:
        yield estimator, None, {}


def sklearn_pipelines():
    from sklearn import cluster, compose, decomposition, feature_selection, impute, linear_model, pipeline, preprocessing
    steps = [
        preprocessing.StandardScaler(), preprocessing.MinMaxScaler(), preprocessing.MaxAbsScaler(), preprocessing.RobustScaler(),
        preprocessing.Normalizer("l1"), preprocessing.Normalizer("l2"), preprocessing.Normalizer("max"), preprocessing.Binarizer(threshold=0.3),
        preprocessing.PolynomialFeatures(2), preprocessing.KBinsDiscretizer(4), preprocessing.PowerTransformer(),
        decomposition.PCA(3), decomposition.TruncatedSVD(3), feature_selection.SelectKBest(k=3), feature_selection.VarianceThreshold(),
    ]
    for step in steps:
        yield pipeline.make_pipeline(step, linear_model.LogisticRegression()), 3, {}
    for strategy in ("mean", "median", "most_frequent"):
        yield pipeline.make_pipeline(impute.SimpleImputer(strategy=strategy), linear_model.LogisticRegression()), 2, {"holes": True}
    yield cluster.KMeans(4, n_init=2), None, {}


def sklearn_cases(random):
    from skl2onnx import to_onnx
    from sklearn import linear_model, svm
    for estimator, classes, options in [*sklearn_models(), *sklearn_pipelines()]:
        x, y = data(random, classes or 0, **options)
        for named in (False, True) if classes else (False,):
            target = np.array(["low", "middle", "high"])[y] if named else y
            if "Poisson" in type(estimator).__name__:
                target = np.abs(target)
            estimator.fit(x, target) if classes is not None else estimator.fit(x)
            last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
            has_maps = classes and not isinstance(last, (svm.LinearSVC, linear_model.RidgeClassifier))
            kinds = {id(estimator): {"zipmap": False}} if has_maps else None
            for kind in (np.float32, np.float64):
                name = type(estimator.steps[0][1] if hasattr(estimator, "steps") else estimator).__name__
                title = f"{name} {classes} {'strings' if named else 'numbers'} {np.dtype(kind)} {options or ''}"
                yield title, lambda: to_onnx(estimator, x[:1].astype(kind), options=kinds), x[:40].astype(kind)


def sklearn_texts():
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType
    from sklearn import compose, feature_extraction, linear_model, pipeline, preprocessing
    words = np.array([[f"{a} {b}", c] for a in ("red", "green", "blue") for b in ("small dog", "Large cat", "") for c in "xyz"], object)
    y = np.arange(len(words)) % 3
    encoders = [preprocessing.OneHotEncoder(handle_unknown="ignore"), preprocessing.OrdinalEncoder()]
    for encoder in encoders:
        model = pipeline.make_pipeline(encoder, linear_model.LogisticRegression()).fit(words, y)
        yield type(encoder).__name__, lambda: to_onnx(
            model, initial_types=[("X", StringTensorType([None, 2]))], options={id(model): {"zipmap": False}}), words
    for vectorizer in (feature_extraction.text.CountVectorizer(), feature_extraction.text.TfidfVectorizer(ngram_range=(1, 2))):
        model = pipeline.make_pipeline(vectorizer, linear_model.LogisticRegression()).fit(words[:, 0], y)
        yield type(vectorizer).__name__, lambda: to_onnx(
            model, initial_types=[("X", StringTensorType([None]))], options={id(model): {"zipmap": False}}), words[:, 0]
    encoder = preprocessing.LabelEncoder().fit(words[:, 1])
    yield "LabelEncoder", lambda: to_onnx(encoder, initial_types=[("X", StringTensorType([None]))]), words[:, 1]


def boosters(random):
    """(library, estimator, classes)"""
    import lightgbm
    import xgboost
    quiet = {"verbose": -1}
    for classes in (2, 3):
        for kind in ("gbdt", "rf", "dart"):
            more = {"bagging_freq": 1, "bagging_fraction": 0.8} if kind == "rf" else {}
            yield "lightgbm", lightgbm.LGBMClassifier(n_estimators=6, min_child_samples=5, boosting_type=kind, **more, **quiet), classes
        yield "xgboost", xgboost.XGBClassifier(n_estimators=6, max_depth=3), classes
        yield "xgboost", xgboost.XGBClassifier(n_estimators=6, max_depth=3, base_score=0.3) if classes == 2 else xgboost.XGBRFClassifier(
            n_estimators=6, max_depth=3), classes
    for objective in ("regression", "regression_l1", "huber", "poisson", "quantile"):
        yield "lightgbm", lightgbm.LGBMRegressor(n_estimators=6, min_child_samples=5, objective=objective, **quiet), 0
    for objective in ("reg:squarederror", "reg:logistic", "count:poisson", "reg:gamma", "reg:tweedie"):
        yield "xgboost", xgboost.XGBRegressor(n_estimators=6, max_depth=3, objective=objective), 0


def booster_cases(random):
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType
    for library, estimator, classes in boosters(random):
        for holes in (False, True):
            x, y = data(random, classes, holes)
            if not classes:
                y = np.abs(y) + 0.1
                y = y / y.max() if "logistic" in str(estimator.get_params().get("objective")) else y
            estimator.fit(x, y)
            convert = getattr(onnxmltools, f"convert_{library}")
            more = {"zipmap": False} if library == "lightgbm" else {}
            title = f"{type(estimator).__name__} {classes} {estimator.get_params().get('objective')} {'holes' if holes else ''}"
            yield title, lambda: convert(estimator, initial_types=[("X", FloatTensorType([None, FEATURES]))], **more), x[:40]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    onnxruntime.set_default_logger_severity(4)
    tally = comparison.Tally()
    for group in (sklearn_cases, booster_cases, lambda _: sklearn_texts()):
        try:
            for title, convert, x in group(np.random.default_rng(options.seed)):
                if re.search(options.only, title):
                    check(tally, options.apus, title, convert, x)
        except ImportError as error:
            tally.skip("a library", error)
    return tally.finish(f"(ONNX Runtime {onnxruntime.__version__})")


def check(tally, apus, title, convert, x):
    try:
        model = convert()
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        names = [given.name for given in session.get_inputs()]
        wanted = session.run(None, {names[0]: x})
    except Exception as error:  # What the exporter or ONNX Runtime does not take.
        tally.skip(title, f"{type(error).__name__}: {str(error).splitlines()[0][:150]}")
        return
    if any(not isinstance(item, np.ndarray) for item in wanted):
        tally.skip(title, "gives other values than tensors")
        return
    # ONNX Runtime sums up in an order of its own: a class is decided by the last bit of equal scores.
    tally.compare(f"{title} ({', '.join(n.op_type for n in model.graph.node)[:200]})",
                  lambda: comparison.run(apus, model, {names[0]: x}, len(wanted)), wanted)


if __name__ == "__main__":
    sys.exit(main())
