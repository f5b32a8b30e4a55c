// What work costs, whatever else the machine does.

/** Milliseconds that this process has had a processor during `work`: what others take from it does not count. */
export function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
