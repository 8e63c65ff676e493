#!/bin/sh
# Makes ../Generated from the definitions in this folder. Needs Debian's protobuf-compiler and libprotobuf-dev, and the packages
# fetched (`swift package resolve`). Messages that hold tensors have no generated code: they are read and written by
# ServingMessages; their definitions are here for reflection.
set -eu
cd "$(dirname "$0")"
root=../../..
plugin=${PROTOC_GEN_SWIFT:-}
if [ -z "$plugin" ]; then
    swift build --package-path "$root/.build/checkouts/swift-protobuf" --scratch-path "$root/.build/protoc-gen-swift" \
        --product protoc-gen-swift
    plugin=$root/.build/protoc-gen-swift/debug/protoc-gen-swift
fi

messages="grpc/health/v1/health.proto grpc/reflection/v1/reflection.proto inference/control.proto tsl/protobuf/error_codes.proto
    tensorflow/core/framework/types.proto tensorflow/core/framework/tensor_shape.proto tensorflow/core/framework/tensor.proto
    tensorflow/core/protobuf/meta_graph.proto tensorflow_serving/apis/model.proto tensorflow_serving/apis/get_model_metadata.proto
    tensorflow_serving/apis/get_model_status.proto tensorflow_serving/apis/model_management.proto
    tensorflow_serving/config/model_server_config.proto tensorflow_serving/sources/file_system_storage_path_source.proto
    tensorflow_serving/util/status.proto"
rm -f ../Generated/*.swift
# shellcheck disable=SC2086
protoc -I. --plugin=protoc-gen-swift="$plugin" --swift_opt=FileNaming=DropPath --swift_opt=Visibility=Package \
    --swift_opt=UseAccessLevelOnImports=true     --swift_out=../Generated $messages

set=$(mktemp)
trap 'rm -f "$set"' EXIT
# shellcheck disable=SC2046
protoc -I. --include_imports --descriptor_set_out="$set" $(find . -name '*.proto' | sed 's#^\./##' | LC_ALL=C sort)
{
    echo '// swift-format-ignore-file'
    echo '// Made by Protos/generate.sh; do not edit.'
    echo
    echo '/// A `google.protobuf.FileDescriptorSet` of every file in Protos and all that they import, in base64.'
    echo 'package enum DescriptorSet {'
    echo '    package static let base64 = """'
    base64 -w 120 "$set" | sed 's/^/        /; s/$/\\/; $ s/\\$//'
    echo '        """'
    echo '}'
} >../Generated/DescriptorSet.swift
