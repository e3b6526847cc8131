;; The WASI functions that a module of Go's compiler imports, implemented with the functions that
;; every plugin host has; and the exports of the ABI that Go cannot make. Binaryen's wasm-merge
;; joins this module and Go's to a plugin that needs no WASI.
(module
  (import "go" "memory" (memory 0))
  (import "go" "_initialize" (func $initialize))
  (import "go" "go_alloc" (func $go_alloc (param i32) (result i32)))
  (import "plugin_host" "time_now" (func $time_now (param $out i32) (result i64)))
  (import "plugin_host" "time_monotonic" (func $time_monotonic (param $out i32) (result i64)))
  (import "plugin_host" "random_fill" (func $random_fill (param $bytes i32) (param $len i32) (result i64)))

  ;; The panic record, and after it the text of a panic. Go's linker reserves the addresses from
  ;; 4096 to 12288 for the glue code of JavaScript hosts (cmd/link/internal/ld/data.go,
  ;; wasmMinDataAddr), which is not used here.
  (global $record (export "plugin_abi_1") i32 (i32.const 4096))
  (global $text i32 (i32.const 4128))
  (global $room (mut i32) (i32.const 1024))
  (global $len (mut i32) (i32.const 0))

  ;; Go's runtime must be started before any call. Until then, the module must not call the host,
  ;; because the instance is not complete.
  (global $started (mut i32) (i32.const 0))
  (start $start)
  (func $start
    (call $initialize)
    (global.set $started (i32.const 1)))

  ;; While the runtime itself calls the host, no Go code can run, so a host that answers with an
  ;; error gets no memory for it.
  (global $asking (mut i32) (i32.const 0))
  (func (export "alloc") (param $size i32) (result i32)
    (if (result i32) (global.get $asking)
      (then (i32.const 0))
      (else (call $go_alloc (local.get $size)))))

  ;; 52: not supported. Go's runtime aborts without a clock, but works without random numbers.
  (func $answered (param $packed i64) (result i32)
    (global.set $asking (i32.const 0))
    (select (i32.const 0) (i32.const 52) (i64.eqz (local.get $packed))))

  ;; Until Go is started, both clocks return the first nanosecond.
  (func (export "clock_time_get") (param $clock i32) (param i64) (param $out i32) (result i32)
    (if (i32.eqz (global.get $started))
      (then
        (i64.store (local.get $out) (i64.const 1))
        (return (i32.const 0))))
    (global.set $asking (i32.const 1))
    (if (result i32) (local.get $clock)
      (then
        (call $answered (call $time_monotonic (local.get $out)))
        ;; The runtime takes 0 to mean that there is no time, and a host's clock may begin at 0.
        (i64.store (local.get $out) (i64.add (i64.load (local.get $out)) (i64.const 1))))
      (else (call $answered (call $time_now (local.get $out))))))

  (func (export "random_get") (param $bytes i32) (param $len i32) (result i32)
    (if (i32.eqz (global.get $started))
      (then (return (i32.const 52))))
    (global.set $asking (i32.const 1))
    (call $answered (call $random_fill (local.get $bytes) (local.get $len))))

  ;; Output is discarded, except for the report that the runtime writes when it ends, which begins
  ;; with one of these texts. The record is filled in at once, because the end itself is an
  ;; instruction in Go's own code.
  (global $dying (mut i32) (i32.const 0))
  (func $is_last (param $at i32) (param $len i32) (result i32)
    ;; "panic: " is "pani" and, from its fourth byte, "ic: "; "fatal error: " begins with "fatal er".
    (if (i32.ge_u (local.get $len) (i32.const 7))
      (then
        (if (i32.eq (i32.load (local.get $at)) (i32.const 0x696e6170))
          (then (return (i32.eq (i32.load offset=3 (local.get $at)) (i32.const 0x203a6369)))))))
    (if (i32.ge_u (local.get $len) (i32.const 13))
      (then (return (i64.eq (i64.load (local.get $at)) (i64.const 0x7265206c61746166)))))
    (i32.const 0))

  (func (export "fd_write") (param $fd i32) (param $parts i32) (param $count i32) (param $written i32) (result i32)
    (local $total i32) (local $at i32) (local $part i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $at (i32.load (local.get $parts)))
        (local.set $part (i32.load offset=4 (local.get $parts)))
        (local.set $total (i32.add (local.get $total) (local.get $part)))
        (if (i32.or (global.get $dying) (call $is_last (local.get $at) (local.get $part)))
          (then (call $keep (local.get $at) (local.get $part))))
        (local.set $parts (i32.add (local.get $parts) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $total))
    (i32.const 0))

  (func $keep (param $at i32) (param $part i32)
    (global.set $dying (i32.const 1))
    (if (i32.gt_u (local.get $part) (global.get $room))
      (then
        (local.set $part (global.get $room))
        ;; Do not cut a character: the bytes after its first one are 10xxxxxx.
        (block $whole
          (loop $back
            (br_if $whole (i32.eqz (local.get $part)))
            (br_if $whole
              (i32.ne
                (i32.and (i32.load8_u (i32.add (local.get $at) (local.get $part))) (i32.const 0xc0))
                (i32.const 0x80)))
            (local.set $part (i32.sub (local.get $part) (i32.const 1)))
            (br $back)))
        (global.set $room (local.get $part))))
    (memory.copy (i32.add (global.get $text) (global.get $len)) (local.get $at) (local.get $part))
    (global.set $len (i32.add (global.get $len) (local.get $part)))
    (global.set $room (i32.sub (global.get $room) (local.get $part)))
    (i32.store (global.get $record) (global.get $text))
    (i32.store offset=4 (global.get $record) (global.get $len)))

  (func (export "proc_exit") (param i32) (unreachable))

  ;; No arguments, no environment, no files.
  (func $none (param $count i32) (param $size i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $size) (i32.const 0))
    (i32.const 0))
  (export "args_sizes_get" (func $none))
  (export "environ_sizes_get" (func $none))
  (func $empty (param i32 i32) (result i32) (i32.const 0))
  (export "args_get" (func $empty))
  (export "environ_get" (func $empty))
  (func (export "sched_yield") (result i32) (i32.const 0))
  ;; The runtime can only wait for a time: report at once that the first has come, and the runtime
  ;; reads the clock again.
  (func (export "poll_oneoff") (param $awaited i32) (param $events i32) (param $count i32) (param $happened i32) (result i32)
    (if (i32.eqz (local.get $count))
      (then (return (i32.const 52))))
    (memory.fill (local.get $events) (i32.const 0) (i32.const 32))
    (i64.store (local.get $events) (i64.load (local.get $awaited)))
    (i32.store (local.get $happened) (i32.const 1))
    (i32.const 0))
  ;; 8: no such file.
  (func (export "fd_close") (param i32) (result i32) (i32.const 8))
  (func (export "fd_read") (param i32 i32 i32 i32) (result i32) (i32.const 8))
  (func $no_file (param i32 i32) (result i32) (i32.const 8))
  (export "fd_fdstat_get" (func $no_file))
  (export "fd_fdstat_set_flags" (func $no_file))
  (export "fd_prestat_get" (func $no_file))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (i32.const 8)))
