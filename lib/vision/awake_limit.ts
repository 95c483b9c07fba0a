/** Limits how long something takes, asleep or suspended time left out. @module */

/** A limit. */
export interface AwakeLimit {
  readonly seconds: number;
  /** What is thrown when it is reached. */
  readonly late: () => Error;
  /** Whether work gave up by itself because of the clock on the wall, which goes on in sleep. */
  readonly gaveUp: (error: unknown) => boolean;
  /** Calls a function every second while this process is awake. @returns What ends that. */
  readonly eachSecond?: (tick: () => void) => () => void;
}

/**
 * Waits for work at most so many seconds in which this process runs: a closed laptop or a suspended
 * job does not make an image bad. Work that gave up too early is done again.
 */
export async function withinAwake<T>(
  work: () => Promise<T>,
  { seconds, late, gaveUp, eachSecond = everySecond }: AwakeLimit,
): Promise<T> {
  const limit = Promise.withResolvers<never>();
  let awake = 0;
  const end = eachSecond(() => {
    if (++awake >= seconds) limit.reject(late());
  });
  const attempt = async (): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (gaveUp(error) && awake < seconds) return await attempt();
      throw error;
    }
  };
  try {
    return await Promise.race([attempt(), limit.promise]);
  } finally {
    end();
  }
}

/** A sleeping process gets one tick for all that it missed. */
function everySecond(tick: () => void): () => void {
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
}
