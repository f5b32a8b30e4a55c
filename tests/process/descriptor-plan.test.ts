import { describe, expect, test } from "bun:test";
import { descriptorLimit, planDescriptors } from "../../src/process/descriptor-plan.ts";

describe("planDescriptors", () => {
  test.each([40, 64, 100, 1024, 20_000, 1_000_000])("never shares out all of %d descriptors", (limit) => {
    const { connections, turnedAway, files } = planDescriptors(limit, 10_000);
    expect(Math.min(connections, turnedAway, files)).toBeGreaterThan(0);
    expect(connections + turnedAway + files).toBeLessThan(limit);
    expect(connections).toBeLessThanOrEqual(10_000);
  });

  test("gives what is wanted where there is enough", () => {
    expect(planDescriptors(20_000, 10_000).connections).toBe(10_000);
    expect(planDescriptors(Infinity, 10_000).connections).toBe(10_000);
  });
});

test("the system's limit is a number of at least the descriptors that are open", () => {
  expect(descriptorLimit()).toBeGreaterThan(8);
});
