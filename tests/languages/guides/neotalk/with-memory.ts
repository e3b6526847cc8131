// The guide's sample with a part that it omits: memory for the host, as in the guide's advanced
// sample in Rust.

export * from "./index";

export function neotalk_alloc(size: usize): usize {
  return heap.alloc(size);
}

export function neotalk_free(ptr: usize, size: usize): void {
  heap.free(ptr);
}
