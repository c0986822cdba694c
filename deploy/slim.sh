#!/bin/sh
# Take from the packages what nothing here loads: headers, tests, tools, front ends, devices, languages, symbols. A quarter.
set -eu
cd "${VIRTUAL_ENV}"/lib/python3*/site-packages
find torch/bin -type f ! -name torch_shm_manager -delete
find mpmath networkx numpy sympy -type d -name tests -prune -exec rm -r {} +
find babel/locale-data -type f ! -name 'en*' ! -name 'root*' -delete
rm -rf torch/include torch/test torch/share pyarrow/include pyarrow/tests openvino/include
rm -f pyarrow/libarrow_flight* pyarrow/libarrow_substrait*
cd openvino/libs
rm -f cache.json libopenvino_intel_[gn]pu* libopenvino_onnx* libopenvino_paddle* libopenvino_tensorflow* libopenvino_jax* libopenvino_gguf*
strip --strip-unneeded ./*.so* ../../torch/lib/libtorch*.so
