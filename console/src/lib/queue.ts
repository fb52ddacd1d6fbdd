/** A queue of tasks: a few at a time, with pause, and retry of those that failed. */
export type State = 'ready' | 'running' | 'done' | 'failed';

export interface Task {
  state: State;
  run: () => Promise<void>;
  /** Called with the reason when `run` has failed. */
  onError: (error: unknown) => void;
}

export class Queue {
  private running = 0;
  private isPaused = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly tasks: Task[],
    private readonly width = 3,
  ) {}

  get paused(): boolean {
    return this.isPaused;
  }

  /** Resolve when nothing runs and nothing else will begin. */
  start(): Promise<void> {
    this.isPaused = false;
    this.fill();
    return new Promise((resolve) => {
      this.idle.push(resolve);
      this.settle();
    });
  }

  /** Begin no further task; those that run are finished. */
  pause(): void {
    this.isPaused = true;
  }

  retryFailed(): Promise<void> {
    for (const task of this.tasks) if (task.state === 'failed') task.state = 'ready';
    return this.start();
  }

  private fill(): void {
    while (!this.isPaused && this.running < this.width) {
      const task = this.tasks.find((each) => each.state === 'ready');
      if (!task) return;
      void this.execute(task);
    }
  }

  private async execute(task: Task): Promise<void> {
    task.state = 'running';
    this.running += 1;
    try {
      await task.run();
      task.state = 'done';
    } catch (error) {
      task.state = 'failed';
      task.onError(error);
    } finally {
      this.running -= 1;
      this.fill();
      this.settle();
    }
  }

  private settle(): void {
    if (this.running) return;
    if (!this.isPaused && this.tasks.some((each) => each.state === 'ready')) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
