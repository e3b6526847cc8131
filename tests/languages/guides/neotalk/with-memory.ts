// The guide's sample, and what it leaves out: memory for the host, as the guide's advanced sample in Rust has it.

export * from "./index";

export function neotalk_alloc(size: usize): usize {
  return heap.alloc(size);
}

export function neotalk_free(ptr: usize, size: usize): void {
  heap.free(ptr);
}
