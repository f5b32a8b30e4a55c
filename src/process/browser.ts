// Opens an address in the browser of whoever sits at this machine, where there is one.

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** False when the system has no way to do it; whether a browser came is not known. */
export function openBrowser(address: string, platform = process.platform): boolean {
  try {
    const opener = OPENERS[platform] ?? ["xdg-open"];
    Bun.spawn([...opener, address], { stdio: ["ignore", "ignore", "ignore"], env: process.env }).unref();
    return true;
  } catch {
    return false;
  }
}
