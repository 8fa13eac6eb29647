Feature: Retry

  Scenario: A list is run again until it succeeds
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - count: {set: {n: "${ ($context.n // 0) + 1 }"}, export: {as: "${ {n: .n} }"}}
          - flaky: {if: .n < 3, raise: {error: {type: https://x.example, status: 503}}}
          catch:
            retry: {limit: {attempt: {count: 5}}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {n: 3}
      """
    And count should run 3 times

  Scenario: The count is of retries
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - count: {set: {n: "${ ($context.n // 0) + 1 }"}, export: {as: "${ {n: .n} }"}}
          - flaky: {if: .n < 3, raise: {error: {type: https://x.example, status: 503}}}
          catch:
            retry: {limit: {attempt: {count: 1}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 503}
      """
    And count should run 2 times

  Scenario: A policy is used by its name
    Given a workflow with definition:
      """yaml
      use:
        retries: {thrice: {delay: {milliseconds: 10}, backoff: {exponential: {}}, limit: {attempt: {count: 3}}}}
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example, status: 503}}}
          catch: {retry: thrice}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 503}
      """
    And fail should run 4 times

  Scenario: After the last retry the handler runs
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example, status: 503}}}
          catch: {retry: {limit: {attempt: {count: 1}}}, do: [{handle: {set: {handled: true}}}]}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {handled: true}
      """
    And fail should run 2 times
    And handle should run last

  Scenario: Errors that the policy does not take are not retried
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example, status: 400}}}
          catch: {retry: {when: .status >= 500, limit: {attempt: {count: 3}}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 400}
      """
    And fail should run 1 time

  Scenario: Errors that the policy excepts are not retried
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example, status: 400}}}
          catch: {retry: {exceptWhen: .status < 500, limit: {attempt: {count: 3}}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 400}
      """
    And fail should run 1 time

  Scenario: The limit of all attempts together
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example, status: 503}}}
          catch: {retry: {delay: {seconds: 30}, limit: {duration: {seconds: 10}}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {status: 503}
      """
    And fail should run 1 time

  Scenario: The limit of one attempt
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - slow: {wait: {seconds: 30}}
          catch: {errors: {with: {status: 408}}, retry: {limit: {attempt: {count: 1, duration: {milliseconds: 50}}}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout, status: 408}
      """
    And slow should run 2 times

  Scenario: Delay and jitter may be computed
    Given a workflow with definition:
      """yaml
      do:
      - attempt:
          try:
          - fail: {raise: {error: {type: https://x.example, status: 503}}}
          catch: {retry: {delay: {milliseconds: "${ .ms }"}, jitter: {from: {milliseconds: 1}, to: {milliseconds: 2}}, limit: {attempt: {count: 2}}}, do: [{done: {set: {x: 1}}}]}
      """
    And given the workflow input is:
      """yaml
      ms: 5
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {x: 1}
      """
    And fail should run 3 times
