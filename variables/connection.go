package variables

import (
	"slices"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// aliases are the two names of what a task's connection provides where nothing else
// does: Ansible lets tasks see by which host and user they are connected.
var aliases = map[string]string{
	"ansible_host": "ansible_ssh_host", "ansible_ssh_host": "ansible_host",
	"ansible_user": "ansible_ssh_user", "ansible_ssh_user": "ansible_user",
}

// connected gives a variable of the task's connection.
func (sc *Scope) connected(name string) (values.Value, bool) {
	alias, ok := aliases[name]
	if !ok || sc.c.Task == nil || sc.outside || slices.Contains(sc.active, name) {
		return values.Null, false
	}
	if v, ok := sc.find(alias); ok {
		return v, true
	}
	if name == "ansible_host" || name == "ansible_ssh_host" {
		return sc.address(), true
	}
	user := sc.keyword(func(k *playbooks.Keywords) values.Value { return k.RemoteUser })
	return user, !user.IsNull()
}

// address is where the task works, as far as the variables tell.
func (sc *Scope) address() values.Value {
	if sc.c.Delegate == "" {
		return name(sc.c.Host)
	}
	if v, ok, err := sc.peer(sc.c.Delegate).variable("ansible_host"); ok && err == nil {
		return v
	}
	return name(sc.c.Delegate)
}

// keyword is a keyword as it is written nearest to the task.
func (sc *Scope) keyword(pick func(*playbooks.Keywords) values.Value) values.Value {
	if sc.c.Task != nil {
		if v := pick(&sc.c.Task.Keywords); !v.IsNull() {
			return v
		}
	}
	for b := sc.c.block(); b != nil; b = b.Parent {
		if v := pick(&b.Keywords); !v.IsNull() {
			return v
		}
	}
	if sc.c.Play == nil {
		return values.Null
	}
	return pick(&sc.c.Play.Keywords)
}

// DelegatedTo gives the scope of the same task when it works on another host, which
// delegate_to named.
func (sc *Scope) DelegatedTo(host string) *Scope {
	next := sc.With(values.NewMap(0))
	next.c.Extra, next.c.Delegate = sc.c.Extra, host
	return next
}
