;; The plugin in the examples of the documentation: three commands of the SDK's own ABI.
(module
  (memory (export "memory") 1)
  (global (export "plugin_abi_1") i32 (i32.const 0))
  (func (export "alloc") (param i32) (result i32) i32.const 1024)
  (func (export "free") (param i32 i32))
  (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0)
  (func (export "plugin_cleanup"))
  ;; Fills its arguments with zeros, in place.
  (func (export "command_clear") (param $at i32) (param $len i32) (result i64)
    (memory.fill (local.get $at) (i32.const 0) (local.get $len))
    i64.const 0)
  ;; Returns its arguments.
  (func (export "command_echo") (param $at i32) (param $len i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
      (i64.extend_i32_u (local.get $len))))
  (data (i32.const 64) "[1,2,3]")
  (func (export "command_numbers") (param i32 i32) (result i64) i64.const 0x40_0000_0007))
