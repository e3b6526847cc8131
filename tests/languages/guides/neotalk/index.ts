// assembly/index.ts from NeoTalk's guide for WASM plugins, changed only where it does not compile:
//
// * `usize` for `number`, which is a floating-point number in AssemblyScript, not an address;
// * `String.UTF8.decodeUnsafe` for `String.UTF8.decode`, which takes a buffer, not an address;
// * `result!` for `result` after a check for null, which the compiler does not track for global
//   variables;
// * `byteLength` for `length`, which `ArrayBuffer` does not have.

// 状态变量
let result: string | null = null;

// 导出的初始化函数
export function neotalk_init(configPtr: usize, configLen: usize): i32 {
    return 1; // 成功
}

// 导出的命令处理函数
export function neotalk_command(
    cmdPtr: usize,
    cmdLen: usize,
    argsPtr: usize,
    argsLen: usize
): i32 {
    // 从内存读取命令字符串
    const cmd = String.UTF8.decodeUnsafe(
        changetype<usize>(cmdPtr),
        cmdLen
    );

    switch (cmd) {
        case "ping":
            result = `{"status":"pong"}`;
            break;
        case "add":
            result = `{"result": 42}`;
            break;
        default:
            result = `{"error":"unknown command"}`;
    }

    return 0; // 成功
}

// 导出的结果获取函数
export function neotalk_get_result(ptrPtr: usize, lenPtr: usize): i32 {
    if (result === null) {
        return 1; // 无结果
    }

    const bytes = String.UTF8.encode(result!);
    const memPtr = heap.alloc(bytes.byteLength);
    memory.copy(memPtr, changetype<usize>(bytes), bytes.byteLength);

    store<usize>(ptrPtr, memPtr);
    store<usize>(lenPtr, bytes.byteLength);

    return 0; // 成功
}

// 清理函数
export function neotalk_cleanup(): void {
    result = null;
}
