package executor

import (
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// keyword gives the value that a task has for a keyword: its own, else that of the nearest
// block around it that has one, else the play's. Null is nowhere.
func keyword(play *playbooks.Play, t *playbooks.Task, pick func(*playbooks.Keywords) values.Value) values.Value {
	if own := pick(&t.Keywords); !own.IsNull() {
		return own
	}
	return blockKeyword(play, t.Parent, pick)
}

func blockKeyword(play *playbooks.Play, block *playbooks.Block, pick func(*playbooks.Keywords) values.Value) values.Value {
	for ; block != nil; block = block.Parent {
		if v := pick(&block.Keywords); !v.IsNull() {
			return v
		}
	}
	return pick(&play.Keywords)
}

// around gives the keywords of everything around a task, the play first, the task last.
func around(play *playbooks.Play, t *playbooks.Task) []*playbooks.Keywords {
	return append(aroundBlock(play, t.Parent), &t.Keywords)
}

func aroundBlock(play *playbooks.Play, block *playbooks.Block) []*playbooks.Keywords {
	if block == nil {
		return []*playbooks.Keywords{&play.Keywords}
	}
	return append(aroundBlock(play, block.Parent), &block.Keywords)
}

// conditions are the whens that must hold for a task, the outermost first.
func conditions(play *playbooks.Play, t *playbooks.Task) []values.Value {
	var all []values.Value
	for _, k := range around(play, t) {
		all = append(all, k.When...)
	}
	return all
}

// delegate is the delegate_to of a task or of the nearest block that has one.
func delegate(t *playbooks.Task) (to, facts values.Value) {
	to, facts = t.DelegateTo, t.DelegateFacts
	for block := t.Parent; block != nil; block = block.Parent {
		if to.IsNull() {
			to = block.DelegateTo
		}
		if facts.IsNull() {
			facts = block.DelegateFacts
		}
	}
	return to, facts
}

// notified are the handlers that a task notifies: its own, else those of the nearest block.
func notified(t *playbooks.Task) []values.Value {
	if t.Notify != nil {
		return t.Notify
	}
	for block := t.Parent; block != nil; block = block.Parent {
		if block.Notify != nil {
			return block.Notify
		}
	}
	return nil
}

// roleUseOf is the mention of the role whose task t is, nil outside of roles.
func roleUseOf(t *playbooks.Task) *playbooks.RoleUse {
	for block := t.Parent; block != nil; block = block.Parent {
		if block.RoleUse != nil {
			return block.RoleUse
		}
	}
	return nil
}

// roleOf is the role whose task t is, nil outside of roles.
func roleOf(t *playbooks.Task) *playbooks.Role {
	if t.Role != nil {
		return t.Role
	}
	for block := t.Parent; block != nil; block = block.Parent {
		if block.Role != nil {
			return block.Role
		}
	}
	return nil
}
