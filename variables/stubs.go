package variables

import (
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

type engine struct{}

func newEngine(*Store) *engine { return &engine{} }

type playState struct{ play *playbooks.Play }
type loadedFile struct{}

func (h *hostState) addFacts(*values.Map)                           {}
func (h *hostState) put(name string, v values.Value, origin string) {}
func (s *Store) merge(a, b *values.Map) *values.Map                 { return b }
