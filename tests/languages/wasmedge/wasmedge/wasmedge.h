// A stub of WasmEdge's C API, of version 0.14: the few declarations that a plugin's registration
// uses, written after its documentation. No package with the real header is available where the
// tests run.
#pragma once

#include <stdint.h>

#define WASMEDGE_CAPI_PLUGIN_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

typedef struct WasmEdge_Value {
  unsigned char Value[16];
  unsigned char Type[8];
} WasmEdge_Value;
typedef struct WasmEdge_ValType {
  uint8_t Data[8];
} WasmEdge_ValType;
typedef struct WasmEdge_String {
  uint32_t Length;
  const char *Buf;
} WasmEdge_String;
typedef struct WasmEdge_Result {
  uint32_t Code;
} WasmEdge_Result;
enum WasmEdge_ErrCategory { WasmEdge_ErrCategory_WASM = 0, WasmEdge_ErrCategory_UserLevelError = 1 };
#define WasmEdge_Result_Success (WasmEdge_Result{0})

typedef struct WasmEdge_CallingFrameContext WasmEdge_CallingFrameContext;
typedef struct WasmEdge_MemoryInstanceContext WasmEdge_MemoryInstanceContext;
typedef struct WasmEdge_ModuleInstanceContext WasmEdge_ModuleInstanceContext;
typedef struct WasmEdge_FunctionTypeContext WasmEdge_FunctionTypeContext;
typedef struct WasmEdge_FunctionInstanceContext WasmEdge_FunctionInstanceContext;
typedef struct WasmEdge_ProgramOption WasmEdge_ProgramOption;

typedef WasmEdge_Result (*WasmEdge_HostFunc_t)(void *Data, const WasmEdge_CallingFrameContext *CallFrameCxt,
                                               const WasmEdge_Value *Params, WasmEdge_Value *Returns);

WasmEdge_Result WasmEdge_ResultGen(enum WasmEdge_ErrCategory Category, uint32_t Code);
WasmEdge_String WasmEdge_StringCreateByCString(const char *Str);
void WasmEdge_StringDelete(WasmEdge_String Str);

WasmEdge_ValType WasmEdge_ValTypeGenI32(void);
WasmEdge_ValType WasmEdge_ValTypeGenI64(void);
WasmEdge_ValType WasmEdge_ValTypeGenF32(void);
WasmEdge_ValType WasmEdge_ValTypeGenF64(void);
int32_t WasmEdge_ValueGetI32(const WasmEdge_Value Val);
int64_t WasmEdge_ValueGetI64(const WasmEdge_Value Val);
float WasmEdge_ValueGetF32(const WasmEdge_Value Val);
double WasmEdge_ValueGetF64(const WasmEdge_Value Val);
WasmEdge_Value WasmEdge_ValueGenI32(const int32_t Val);
WasmEdge_Value WasmEdge_ValueGenI64(const int64_t Val);
WasmEdge_Value WasmEdge_ValueGenF32(const float Val);
WasmEdge_Value WasmEdge_ValueGenF64(const double Val);

WasmEdge_FunctionTypeContext *WasmEdge_FunctionTypeCreate(const WasmEdge_ValType *ParamList, const uint32_t ParamLen,
                                                          const WasmEdge_ValType *ReturnList, const uint32_t ReturnLen);
void WasmEdge_FunctionTypeDelete(WasmEdge_FunctionTypeContext *Cxt);
WasmEdge_FunctionInstanceContext *WasmEdge_FunctionInstanceCreate(const WasmEdge_FunctionTypeContext *Type,
                                                                  WasmEdge_HostFunc_t HostFunc, void *Data,
                                                                  const uint64_t Cost);
WasmEdge_ModuleInstanceContext *WasmEdge_ModuleInstanceCreate(const WasmEdge_String ModuleName);
void WasmEdge_ModuleInstanceAddFunction(WasmEdge_ModuleInstanceContext *Cxt, const WasmEdge_String Name,
                                        WasmEdge_FunctionInstanceContext *FuncCxt);
WasmEdge_MemoryInstanceContext *WasmEdge_CallingFrameGetMemoryInstance(const WasmEdge_CallingFrameContext *Cxt,
                                                                       const uint32_t Idx);
uint8_t *WasmEdge_MemoryInstanceGetPointer(WasmEdge_MemoryInstanceContext *Cxt, const uint64_t Offset,
                                           const uint64_t Length);

enum { WasmEdge_Plugin_CurrentAPIVersion = 3 };

typedef struct WasmEdge_PluginVersionData {
  uint32_t Major, Minor, Patch, Build;
} WasmEdge_PluginVersionData;
typedef struct WasmEdge_ModuleDescriptor {
  const char *Name;
  const char *Description;
  WasmEdge_ModuleInstanceContext *(*Create)(const struct WasmEdge_ModuleDescriptor *);
} WasmEdge_ModuleDescriptor;
typedef struct WasmEdge_PluginDescriptor {
  const char *Name;
  const char *Description;
  uint32_t APIVersion;
  WasmEdge_PluginVersionData Version;
  uint32_t ModuleCount;
  uint32_t ProgramOptionCount;
  WasmEdge_ModuleDescriptor *ModuleDescriptions;
  WasmEdge_ProgramOption *ProgramOptions;
} WasmEdge_PluginDescriptor;

const WasmEdge_PluginDescriptor *WasmEdge_Plugin_GetDescriptor(void);

#ifdef __cplusplus
}
#endif
