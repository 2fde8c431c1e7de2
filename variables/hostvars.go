package variables

import (
	"cmp"
	"slices"

	"github.com/gdeploy/gdeploy/values"
)

// hostVars is the magic variable hostvars: all hosts, each worked out when it is asked for.
type hostVars struct{ sc *Scope }

func (sc *Scope) hostVars() *hostVars { return &hostVars{sc} }

// TypeName is what messages call it.
func (h *hostVars) TypeName() string { return "HostVars" }

// Item gives the variables of a host.
func (h *hostVars) Item(key values.Value) (values.Value, bool, error) {
	name, ok := key.AsString()
	inv := h.sc.store.options.Inventory
	if !ok || name == "" || name != h.sc.c.Host && (inv == nil || !inv.Knows(name)) {
		return values.Null, false, nil
	}
	return values.FromObject(&hostView{h.sc.peer(name)}), true, nil
}

// Attr gives the variables of a host, as {{ hostvars.web1 }} wants them.
func (h *hostVars) Attr(name string) (values.Value, bool, error) { return h.Item(values.String(name)) }

// Iterate gives the names of all hosts; localhost is always among them, as in Ansible.
func (h *hostVars) Iterate() ([]values.Value, error) {
	inv := h.sc.store.options.Inventory
	if inv == nil {
		return nil, nil
	}
	hosts := inv.HostNames()
	if !slices.Contains(hosts, "localhost") && inv.Knows("localhost") {
		hosts = append(hosts, "localhost")
	}
	return values.Strings(hosts...).Items(), nil
}

// Map gives all hosts with their variables.
func (h *hostVars) Map() (*values.Map, error) {
	hosts, _ := h.Iterate()
	m := values.NewMap(len(hosts))
	for _, host := range hosts {
		v, ok, err := h.Item(host)
		if err != nil {
			return nil, err
		}
		if ok {
			m.SetKey(host, v)
		}
	}
	return m, nil
}

// Repr prints it like a dict of all hosts.
func (h *hostVars) Repr() string {
	m, _ := h.Map()
	return values.Repr(values.FromMap(m))
}

// hostView is hostvars[host]: variables are looked up and templated one by one.
type hostView struct{ sc *Scope }

// TypeName is what messages call it.
func (h *hostView) TypeName() string { return "HostVarsVars" }

// Item gives a variable.
func (h *hostView) Item(key values.Value) (values.Value, bool, error) {
	name, ok := key.AsString()
	if !ok {
		return values.Null, false, nil
	}
	return h.Attr(name)
}

// Attr gives a variable. hostvars itself is seen by the templates in them only.
func (h *hostView) Attr(name string) (values.Value, bool, error) {
	if name == "hostvars" {
		return values.Null, false, nil
	}
	return h.sc.variable(name)
}

// Iterate gives the names of all variables.
func (h *hostView) Iterate() ([]values.Value, error) {
	return values.Strings(h.sc.Names()...).Items(), nil
}

// Map gives all variables. Those that cannot be worked out stay as they were written.
func (h *hostView) Map() (*values.Map, error) {
	m := values.NewMap(0)
	for _, name := range h.sc.Names() {
		v, ok, err := h.sc.variable(name)
		if err != nil {
			v, ok, _ = h.sc.raw(name)
		}
		if ok {
			m.Set(name, v)
		}
	}
	return m, nil
}

// Repr prints it like a dict.
func (h *hostView) Repr() string {
	m, _ := h.Map()
	return values.Repr(values.FromMap(m))
}

// allVars is the magic variable vars: the variables as they were written, as in Ansible.
type allVars struct{ sc *Scope }

// TypeName is what messages call it.
func (a *allVars) TypeName() string { return "dict" }

// Item gives a variable.
func (a *allVars) Item(key values.Value) (values.Value, bool, error) {
	name, ok := key.AsString()
	if !ok {
		return values.Null, false, nil
	}
	return a.Attr(name)
}

// Attr gives a variable.
func (a *allVars) Attr(name string) (values.Value, bool, error) { return a.sc.raw(name) }

// Iterate gives the names of all variables.
func (a *allVars) Iterate() ([]values.Value, error) {
	return values.Strings(a.sc.Names()...).Items(), nil
}

// Map gives all variables.
func (a *allVars) Map() (*values.Map, error) {
	m := values.NewMap(0)
	for _, name := range a.sc.Names() {
		v, ok, err := a.sc.raw(name)
		if err != nil {
			return nil, err
		}
		if _, live := v.AsObject(); ok && !live {
			m.Set(name, v)
		}
	}
	return m, nil
}

// Repr prints it like a dict.
func (a *allVars) Repr() string {
	m, _ := a.Map()
	return values.Repr(values.FromMap(m))
}

// peer is the scope of another host, without play and task, as hostvars shows it.
func (sc *Scope) peer(host string) *Scope {
	if p := sc.peers[host]; p != nil {
		return p
	}
	p := sc.store.Scope(Context{Ctx: sc.c.Ctx, Ahead: sc.c.Ahead, Host: host, beside: cmp.Or(sc.c.Play, sc.c.beside)})
	p.outside, p.peers = true, sc.peers
	sc.peers[host] = p
	return p
}
