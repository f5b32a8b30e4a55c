// Preloaded before anything else: makes this process one of a system that tells nothing of open descriptors, as far as
// the program can see. What it has of the kernel stays Linux's.

Object.defineProperty(process, "platform", { value: "darwin" });
