/** Where to begin: each is a whole file that runs once `program` names one's own training program. */
export interface Template {
  readonly label: string;
  readonly hint: string;
  readonly source: string;
}

export const TEMPLATES: readonly [Template, ...Template[]] = [
  {
    label: "Random search",
    hint: "Draws each parameter from its range until run_cap",
    source: `# Each run is started as: python train.py --learning_rate=0.0031 --batch_size=64 ...
name: learning rate and friends
method: random
program: train.py
run_cap: 50
metric:
  name: val_loss        # as your program logs it
  goal: minimize
parameters:
  learning_rate:
    distribution: log_uniform_values
    min: 0.00001
    max: 0.1
  batch_size:
    values: [32, 64, 128, 256]
  dropout:
    min: 0.0            # floats: continuous
    max: 0.5
  layers:
    min: 1              # whole numbers: 1, 2, 3 or 4
    max: 4
  epochs:
    value: 20           # the same for every run
`,
  },
  {
    label: "Grid",
    hint: "Every combination of the lists, exactly once",
    source: `# Every combination once: 3 x 2 x 3 = 18 configurations, each with two seeds of the program
name: every combination
method: grid
program: train.py
repeats: 2
metric:
  name: accuracy
  goal: maximize
parameters:
  learning_rate:
    values: [0.1, 0.01, 0.001]
  optimizer:
    values: [sgd, adam]
  hidden:
    values: [64, 128, 256]
  epochs:
    value: 20
`,
  },
  {
    label: "Nested",
    hint: "Groups of parameters, some only where another one has a value",
    source: `# Groups reach the program as --optimizer.name=sgd --optimizer.momentum=0.9 ...
name: optimizers, each with its own settings
method: random
program: train.py
run_cap: 60
retries: 1              # a run whose machine dies is tried once more
metric:
  name: val/loss
  goal: minimize
parameters:
  optimizer:
    parameters:
      name:
        values: [sgd, adam]
      learning_rate:
        distribution: log_uniform_values
        min: 0.0001
        max: 0.1
      momentum:
        min: 0.5
        max: 0.99
        when:           # exists only where the optimizer is sgd
          optimizer.name: sgd
  model:
    parameters:
      depth:
        values: [2, 4, 8]
      width:
        distribution: q_uniform
        min: 64
        max: 512
        q: 64
command:
  - \${env}
  - python
  - \${program}
  - \${args}
`,
  },
];
