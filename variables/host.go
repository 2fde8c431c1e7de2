package variables

import (
	"maps"
	"strings"
	"sync"

	"github.com/gdeploy/gdeploy/values"
)

// hostState is what a run learned of a host.
type hostState struct {
	recalled sync.Once  // the facts of earlier runs are there
	saving   sync.Mutex // one after the other
	mu       sync.RWMutex
	facts    *values.Map // as the setup module names them
	injected *values.Map // those of them that are variables too
	apart    values.Value
	included *values.Map
	set      *values.Map
	origin   map[string]string // what set a variable: set_fact or register
}

func newHostState() *hostState {
	return &hostState{
		facts:    values.NewMap(0),
		injected: values.NewMap(0),
		apart:    values.FromMap(values.NewMap(0)).MarkUnsafe(),
		included: values.NewMap(0),
		set:      values.NewMap(0),
		origin:   map[string]string{},
	}
}

func (h *hostState) put(name string, v values.Value, origin string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.set.Set(name, v)
	h.origin[name] = origin
}

// addFacts replaces the maps instead of changing them: readers keep what they hold.
func (h *hostState) addFacts(facts *values.Map) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all, injected := h.facts.Clone(), h.injected.Clone()
	apart, _ := h.apart.AsMap()
	apart = apart.Clone()
	for key, v := range facts.All() {
		name := values.Text(key)
		v = v.MarkUnsafe()
		all.Set(name, v)
		apart.Set(apartName(name), v)
		if !reservedFact(name) {
			injected.Set(name, v)
		}
	}
	h.facts, h.injected = all, injected
	h.apart = values.FromMap(apart).Inherit(h.apart)
}

func (h *hostState) clearFacts() {
	h.mu.Lock()
	defer h.mu.Unlock()
	fresh := newHostState()
	h.facts, h.injected, h.apart = fresh.facts, fresh.injected, fresh.apart
}

func (h *hostState) include(vars *values.Map, merge bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.included = combine(h.included, vars, merge)
}

// apartName is the name that a fact has inside ansible_facts.
func apartName(name string) string {
	if name == "ansible_local" {
		return name
	}
	return strings.TrimPrefix(name, "ansible_")
}

// reservedPrefixes start the names by which a host could turn its own connection, and
// reservedNames are the rest of them.
var (
	reservedPrefixes = []string{"ansible_become", "ansible_ssh_", "ansible_sftp_", "ansible_scp_", "ansible_paramiko_", "ansible_winrm_",
		"ansible_psrp_", "ansible_sudo_", "ansible_su_", "ansible_docker_", "ansible_podman_", "ansible_remote_",
		"ansible_shell_", "ansible_network_", "ansible_vault", "gdeploy_"}
	reservedNames = map[string]bool{
		"ansible_host": true, "ansible_port": true, "ansible_user": true, "ansible_password": true,
		"ansible_connection": true, "ansible_connection_path": true, "ansible_pipelining": true,
		"ansible_timeout": true, "ansible_private_key_file": true, "ansible_executable": true,
		"ansible_transport": true, "ansible_module_compression": true, "ansible_common_remote_group": true,
		"ansible_delegated_vars": true, "ansible_rsync_path": true, "ansible_async_dir": true,
		"ansible_system_tmpdirs": true, "ansible_host_key_checking": true, "ansible_facts": true, "ansible_sudo": true,
		"ansible_su": true, "ansible_jump_host": true,
	}
	// allowedFacts start like reserved ones, but are facts of the setup module.
	allowedPrefixes = []string{"ansible_ssh_host_key_"}
)

// reservedFact reports whether a returned fact would steer how gdeploy reaches the host.
func reservedFact(name string) bool {
	if reservedNames[name] {
		return true
	}
	if strings.HasPrefix(name, "ansible_") && strings.HasSuffix(name, "_interpreter") {
		return true
	}
	for _, p := range allowedPrefixes {
		if strings.HasPrefix(name, p) {
			return false
		}
	}
	for _, p := range reservedPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return reserved[name]
}

// The maps of a hostState as sources of a scope. They are read under its lock.
type (
	setVars      struct{ h *hostState }
	includedVars struct{ h *hostState }
	factVars     struct {
		h     *hostState
		apart bool
	}
)

func (s setVars) Get(name string) (values.Value, bool) {
	s.h.mu.RLock()
	defer s.h.mu.RUnlock()
	return s.h.set.Get(name)
}

func (s setVars) Keys() []values.Value {
	s.h.mu.RLock()
	defer s.h.mu.RUnlock()
	return append([]values.Value(nil), s.h.set.Keys()...)
}

func (s includedVars) Get(name string) (values.Value, bool) {
	s.h.mu.RLock()
	defer s.h.mu.RUnlock()
	return s.h.included.Get(name)
}

func (s includedVars) Keys() []values.Value {
	s.h.mu.RLock()
	defer s.h.mu.RUnlock()
	return s.h.included.Keys()
}

func (s factVars) Get(name string) (values.Value, bool) {
	s.h.mu.RLock()
	defer s.h.mu.RUnlock()
	if name == "ansible_facts" {
		return s.h.apart, true
	}
	if s.apart && name != "ansible_local" {
		return values.Null, false
	}
	return s.h.injected.Get(name)
}

func (s factVars) Keys() []values.Value {
	s.h.mu.RLock()
	defer s.h.mu.RUnlock()
	if s.apart {
		return []values.Value{values.String("ansible_facts")}
	}
	keys := s.h.injected.Keys()
	return append(keys[:len(keys):len(keys)], values.String("ansible_facts"))
}

// copy gives a state that later changes of h leave alone.
func (h *hostState) copy() *hostState {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return &hostState{facts: h.facts, injected: h.injected, apart: h.apart, included: h.included,
		set: h.set.Clone(), origin: maps.Clone(h.origin)}
}
