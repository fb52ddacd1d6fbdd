import { expect, test } from 'vitest';
import { Queue, type Task } from '../src/lib/queue';

function task(run: () => Promise<void>): Task & { errors: unknown[] } {
  const errors: unknown[] = [];
  return { state: 'ready', run, errors, onError: (error) => errors.push(error) };
}
const tick = (): Promise<void> => new Promise((go) => setTimeout(go, 1));

test('runs at most as many tasks as its width', async () => {
  let running = 0;
  let most = 0;
  const tasks = Array.from({ length: 10 }, () =>
    task(async () => {
      running += 1;
      most = Math.max(most, running);
      await tick();
      running -= 1;
    }),
  );
  await new Queue(tasks, 3).start();
  expect(most).toBe(3);
  expect(tasks.every((each) => each.state === 'done')).toBe(true);
});

test('a pause finishes what runs, and continues later', async () => {
  const tasks = Array.from({ length: 4 }, () => task(tick));
  const queue = new Queue(tasks, 1);
  const first = queue.start();
  queue.pause();
  await first;
  expect(tasks.map((each) => each.state)).toEqual(['done', 'ready', 'ready', 'ready']);
  await queue.start();
  expect(tasks.every((each) => each.state === 'done')).toBe(true);
});

test('a failed task stops no other, and can be retried', async () => {
  let works = false;
  const bad = task(() => (works ? Promise.resolve() : Promise.reject(new Error('lost'))));
  const good = task(tick);
  const queue = new Queue([bad, good], 1);
  await queue.start();
  expect([bad.state, good.state]).toEqual(['failed', 'done']);
  expect(bad.errors).toEqual([new Error('lost')]);
  works = true;
  await queue.retryFailed();
  expect(bad.state).toBe('done');
});

test('an empty queue is finished', async () => {
  await new Queue([]).start();
});
