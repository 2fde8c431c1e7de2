package variables

// Level is a step of precedence, by the numbers of Ansible's documentation. Higher wins.
type Level int

// The levels, weakest first. (Ansible's 1 is for command line values that are not variables.)
const (
	RoleDefaults        Level = 2
	InventoryGroupVars  Level = 3  // [group:vars] of an inventory file or script
	InventoryAllVars    Level = 4  // group_vars/all beside the inventory
	PlaybookAllVars     Level = 5  // group_vars/all beside the playbook
	InventoryGroupFiles Level = 6  // group_vars/* beside the inventory
	PlaybookGroupFiles  Level = 7  // group_vars/* beside the playbook
	InventoryHostVars   Level = 8  // host variables of an inventory file or script
	InventoryHostFiles  Level = 9  // host_vars/* beside the inventory
	PlaybookHostFiles   Level = 10 // host_vars/* beside the playbook
	HostFacts           Level = 11 // facts, and set_fact with cacheable
	PlayVars            Level = 12
	PlayVarsPrompt      Level = 13
	PlayVarsFiles       Level = 14
	RoleVars            Level = 15
	BlockVars           Level = 16
	TaskVars            Level = 17
	IncludeVars         Level = 18
	SetFacts            Level = 19 // set_fact and register
	RoleParams          Level = 20
	IncludeParams       Level = 21
	ExtraVars           Level = 22
	loopVars            Level = 23 // item and its like, which Ansible sets last
	magicVars           Level = 24 // names that nobody can set
)

var levelNames = map[Level]string{
	RoleDefaults:        "role defaults",
	InventoryGroupVars:  "group variables of the inventory",
	InventoryAllVars:    "group_vars/all beside the inventory",
	PlaybookAllVars:     "group_vars/all beside the playbook",
	InventoryGroupFiles: "group_vars beside the inventory",
	PlaybookGroupFiles:  "group_vars beside the playbook",
	InventoryHostVars:   "host variables of the inventory",
	InventoryHostFiles:  "host_vars beside the inventory",
	PlaybookHostFiles:   "host_vars beside the playbook",
	HostFacts:           "facts of the host",
	PlayVars:            "play vars",
	PlayVarsPrompt:      "vars_prompt",
	PlayVarsFiles:       "vars_files",
	RoleVars:            "role vars",
	BlockVars:           "block vars",
	TaskVars:            "task vars",
	IncludeVars:         "include_vars",
	SetFacts:            "set_fact or register",
	RoleParams:          "role parameters",
	IncludeParams:       "include parameters",
	ExtraVars:           "extra vars (-e)",
	loopVars:            "loop variable",
	magicVars:           "magic variable",
}

// String names the level as an operator knows it.
func (l Level) String() string { return levelNames[l] }
