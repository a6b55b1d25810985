# data.sluice.decision, for opa_stage.py --path sluice/decision.
package sluice

import rego.v1

default decision := {"allow": false, "reason": "refused by rule “opa”: no policy allows it"}

# Logging in and preparing statements run nothing.
decision := {"allow": true} if input.purpose != "execution"

# Readers may read everything but the payroll, unless they are of finance.
decision := {"allow": true} if {
	input.purpose == "execution"
	input.facts.operations == ["read"]
	not reads_payroll
}

decision := {"allow": true} if {
	input.purpose == "execution"
	input.facts.operations == ["read"]
	reads_payroll
	input.identity.labels.team == "finance"
}

# Whoever changes something needs an approval.
decision := {"allow": true, "reason": "changes need a dba", "hold": {"groups": ["dba"], "quorum": 1}} if {
	input.purpose == "execution"
	input.facts.operations == ["write"]
}

reads_payroll if {
	some table in input.facts.tables_read
	endswith(table, "payroll")
}
