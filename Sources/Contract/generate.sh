#!/bin/sh
# Regenerates bus.pb.swift (swift-protobuf 1.39.0) and the module of the Python package, with its types.
# Needs protoc (Debian: protobuf-compiler) and protoc-gen-swift: `swift build --product protoc-gen-swift` in a
# checkout of swift-protobuf; name it in PROTOC_GEN_SWIFT.
set -eu
cd "$(dirname "$0")"
: "${PROTOC_GEN_SWIFT:=protoc-gen-swift}"
protoc --plugin="protoc-gen-swift=$(command -v "$PROTOC_GEN_SWIFT")" \
    --swift_opt=Visibility=Public --swift_opt=FileNaming=DropPath --swift_out=. bus.proto
python_out=../../sdk/python/src/sluice_stage
protoc --python_out="$python_out" --pyi_out="$python_out" bus.proto
