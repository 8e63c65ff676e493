#!/bin/sh
# Makes the certificates and keys of this folder anew. Needs the `openssl` command, version 3.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
from=20200101000000Z
to=21200101000000Z
server='basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1'
client='basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth'
authority='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign'

: > "$work/index"
cat > "$work/ca.cnf" <<END
[ca]
default_ca = d
[d]
database = $work/index
new_certs_dir = $work
rand_serial = yes
unique_subject = no
preserve = yes
policy = p
[p]
organizationName = optional
organizationalUnitName = optional
commonName = supplied
END

# key NAME TYPE
key() {
    case $2 in
    ec) openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" ;;
    rsa*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" -out "$1.key" ;;
    esac
}

# issue NAME TYPE SUBJECT EXTENSIONS AUTHORITY [FROM TO]: signed by itself when AUTHORITY is NAME
issue() {
    key "$1" "$2"
    openssl req -new -utf8 -key "$1.key" -subj "$3" -out "$work/$1.csr"
    echo "$4" > "$work/$1.ext"
    if [ "$5" = "$1" ]; then signer="-selfsign"; else signer="-cert $5.pem"; fi
    # shellcheck disable=SC2086
    openssl ca -batch -notext -config "$work/ca.cnf" -utf8 -md sha256 $signer -keyfile "$5.key" \
        -startdate "${6:-$from}" -enddate "${7:-$to}" -extfile "$work/$1.ext" -in "$work/$1.csr" -out "$1.pem"
}

issue ca ec "/O=Apus Tests/CN=Authority" "$authority" ca
issue foreign-ca ec "/O=Foreign/CN=Authority" "$authority" foreign-ca
issue server-ec ec "/O=Apus Tests/CN=server-ec" "$server" ca
issue server-rsa rsa2048 "/O=Apus Tests/CN=server-rsa" "$server" ca
issue client ec '/O=Apus Tests/OU=a\+b, c/CN=cliënt-7' "$client" ca
issue foreign-client ec "/O=Foreign/CN=client" "$client" foreign-ca
issue expired ec "/CN=expired" "$server" expired 20000101000000Z 20010101000000Z
issue future ec "/CN=future" "$server" future 21000101000000Z 21200101000000Z
issue weak rsa1024 "/CN=weak" "$server" weak

openssl pkey -in server-ec.key -aes-256-cbc -passout pass:secret -out encrypted.key
cat server-ec.pem ca.pem > chain.pem
# A line inside the certificate replaced.
{ sed -n 1,3p server-ec.pem; echo AAAA; sed -n '5,$p' server-ec.pem; } > damaged.pem
rm -f ca.key foreign-ca.key
chmod 600 ./*.key
