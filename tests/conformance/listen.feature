Feature: Listen and emit
  Each scenario speaks to itself, under a type of its own, until it was heard.

  Scenario: One event
    Given a workflow with definition:
      """yaml
      do:
      - talk:
          fork:
            compete: true
            branches:
            - hear:
                listen: {to: {one: {with: {type: conf.one}}}, read: data}

            - speak:
                do:
                - again:
                    for: {each: round, in: "[range(40)]"}
                    do:
                    - pause: {wait: {milliseconds: 400}}
                    - say0: {emit: {event: {with: {type: conf.other, data: 0}}}}
                    - say1: {emit: {event: {with: {type: conf.one, data: {n: 1}}}}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [{n: 1}]
      """
    And hear should complete
    And speak should be cancelled

  Scenario: The whole event is read when it is asked for
    Given a workflow with definition:
      """yaml
      do:
      - talk:
          fork:
            compete: true
            branches:
            - hear:
                listen: {to: {one: {with: {type: conf.envelope}}}, read: envelope}

            - speak:
                do:
                - again:
                    for: {each: round, in: "[range(40)]"}
                    do:
                    - pause: {wait: {milliseconds: 400}}
                    - say0: {emit: {event: {with: {type: conf.envelope, source: /me, subject: s, data: 1}}}}

      - show: {set: "${ .[0] | {type, source, subject, data, specversion} }"}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {type: conf.envelope, source: /me, subject: s, data: 1, specversion: "1.0"}
      """

  Scenario: Any of several
    Given a workflow with definition:
      """yaml
      do:
      - talk:
          fork:
            compete: true
            branches:
            - hear:
                listen: {to: {any: [{with: {type: conf.any.a}}, {with: {type: conf.any.b}}]}, read: data}

            - speak:
                do:
                - again:
                    for: {each: round, in: "[range(40)]"}
                    do:
                    - pause: {wait: {milliseconds: 400}}
                    - say0: {emit: {event: {with: {type: conf.any.b, data: b}}}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [b]
      """

  Scenario: All of several, in the order in which they come
    Given a workflow with definition:
      """yaml
      do:
      - talk:
          fork:
            compete: true
            branches:
            - hear:
                listen: {to: {all: [{with: {type: conf.all.a}}, {with: {type: conf.all.b}}]}, read: data}

            - speak:
                do:
                - again:
                    for: {each: round, in: "[range(40)]"}
                    do:
                    - pause: {wait: {milliseconds: 400}}
                    - say0: {emit: {event: {with: {type: conf.all.b, data: b}}}}
                    - say1: {emit: {event: {with: {type: conf.all.a, data: a}}}}

      - show: {set: {sorted: "${ sort }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {sorted: [a, b]}
      """

  Scenario: Until a condition is true
    Given a workflow with definition:
      """yaml
      do:
      - talk:
          fork:
            compete: true
            branches:
            - hear:
                listen: {to: {any: [{with: {type: conf.until}}], until: '. | length >= 3'}, read: data}

            - speak:
                do:
                - again:
                    for: {each: round, in: "[range(40)]"}
                    do:
                    - pause: {wait: {milliseconds: 400}}
                    - say0: {emit: {event: {with: {type: conf.until, data: 1}}}}

      - show: {set: {heard: "${ length }"}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      {heard: 3}
      """

  Scenario: By what the data holds
    Given a workflow with definition:
      """yaml
      do:
      - talk:
          fork:
            compete: true
            branches:
            - hear:
                listen: {to: {one: {with: {type: conf.data, data: '${ .total > 5 }'}}}, read: data}

            - speak:
                do:
                - again:
                    for: {each: round, in: "[range(40)]"}
                    do:
                    - pause: {wait: {milliseconds: 400}}
                    - say0: {emit: {event: {with: {type: conf.data, data: {total: 1}}}}}
                    - say1: {emit: {event: {with: {type: conf.data, data: {total: 9}}}}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [{total: 9}]
      """

  Scenario: By an expected correlation
    Given a workflow with definition:
      """yaml
      do:
      - talk:
          fork:
            compete: true
            branches:
            - hear:
                listen: {to: {one: {with: {type: conf.correlated}, correlate: {order: {from: .data.order, expect: '${ .order }'}}}}, read: data}

            - speak:
                do:
                - again:
                    for: {each: round, in: "[range(40)]"}
                    do:
                    - pause: {wait: {milliseconds: 400}}
                    - say0: {emit: {event: {with: {type: conf.correlated, data: {order: 1}}}}}
                    - say1: {emit: {event: {with: {type: conf.correlated, data: {order: 7}}}}}
      """
    And given the workflow input is:
      """yaml
      order: 7
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [{order: 7}]
      """

  Scenario: For each event a list is run
    Given a workflow with definition:
      """yaml
      do:
      - talk:
          fork:
            compete: true
            branches:
            - hear:
                listen: {to: {any: [{with: {type: conf.each}}], until: '. | length >= 2'}, read: data}
                foreach: {item: said, at: i, do: [{note: {set: {n: "${ $said * 10 + $i }"}}}], output: {as: .n}}
            - speak:
                do:
                - again:
                    for: {each: round, in: "[range(40)]"}
                    do:
                    - pause: {wait: {milliseconds: 400}}
                    - say0: {emit: {event: {with: {type: conf.each, data: 5}}}}
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [50, 51]
      """

  Scenario: Nobody speaks in time
    Given a workflow with definition:
      """yaml
      do:
      - hear: {listen: {to: {one: {with: {type: conf.never}}}}, timeout: {after: {milliseconds: 300}}}
      """
    When the workflow is executed
    Then the workflow should fault with an error that has:
      """yaml
      {type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout, status: 408, instance: /do/0/hear}
      """
    And hear should fault

  Scenario: A strategy of two kinds
    Given a workflow with definition:
      """yaml
      do:
      - hear: {listen: {to: {one: {with: {type: a}}, any: []}}}
      """
    When the workflow is executed
    Then the definition should be refused at /do/0/hear/listen/to
