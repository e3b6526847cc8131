// The functions of WasmEdge's guide, as an author implements them.
#include "host_functions.h"

#include <algorithm>
#include <cstring>

namespace {
const WasmEdge_Result OUT_OF_BOUNDS = WasmEdge_ResultGen(WasmEdge_ErrCategory_UserLevelError, 1);
}

WasmEdge_Result my_plugin::reverse_string(Memory memory, uint32_t address, uint32_t length) {
  uint8_t *text = memory.bytes(address, length);
  if (text == nullptr) {
    return OUT_OF_BOUNDS;
  }
  std::reverse(text, text + length);
  return WasmEdge_Result_Success;
}

// The length of the value, which is written if there is room for it.
WasmEdge_Result redis::redis_get(Memory memory, uint32_t, uint32_t, uint32_t out, uint32_t size, uint32_t &result) {
  static const char value[] = "value";
  result = sizeof value - 1;
  if (size < result) {
    return WasmEdge_Result_Success;
  }
  uint8_t *room = memory.bytes(out, result);
  if (room == nullptr) {
    return OUT_OF_BOUNDS;
  }
  std::memcpy(room, value, result);
  return WasmEdge_Result_Success;
}

WasmEdge_Result my_plugin::mix(Memory, uint64_t seed, float, double gain, double &result) {
  result = static_cast<double>(seed) * gain;
  return WasmEdge_Result_Success;
}
