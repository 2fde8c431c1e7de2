package executor

import (
	"fmt"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// wholeRun owns the figures of set_stats that belong to no host, as Ansible has it.
const wholeRun = "_run"

// addCustom keeps figures that set_stats tells, for a host or for the whole run. With
// aggregate they are added to those of the same name.
func (s *stats) addCustom(owner string, data *values.Map, aggregate bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.custom == nil {
		s.custom = values.NewMap(1)
	}
	kept := values.NewMap(data.Len())
	if before, ok := s.custom.Get(owner); ok {
		m, _ := before.AsMap()
		kept = m.Clone()
	}
	for key, value := range data.All() {
		before, there := kept.Get(values.Text(key))
		if there && aggregate {
			sum, err := added(before, value)
			if err != nil {
				return fmt.Errorf("set_stats: %s: %w", values.Text(key), err)
			}
			value = sum
		}
		kept.SetKey(key, value)
	}
	s.custom.Set(owner, values.FromMap(kept))
	return nil
}

// added adds a figure to another one: numbers and texts are added, lists and dicts joined.
func added(a, b values.Value) (values.Value, error) {
	if x, ok := a.AsInt(); ok {
		if y, ok := b.AsInt(); ok {
			return values.Int(x + y), nil
		}
	}
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return values.Float(x + y), nil
		}
	}
	if a.Kind() != b.Kind() {
		return values.Null, fmt.Errorf("a %s cannot be added to a %s; with aggregate: no it replaces it", b.Kind(), a.Kind())
	}
	switch a.Kind() {
	case values.KindString:
		return values.String(values.Text(a) + values.Text(b)), nil
	case values.KindList:
		return values.FromSlice(append(append([]values.Value{}, a.Items()...), b.Items()...)), nil
	case values.KindMap:
		x, _ := a.AsMap()
		y, _ := b.AsMap()
		joined := x.Clone()
		for key, value := range y.All() {
			joined.SetKey(key, value)
		}
		return values.FromMap(joined), nil
	}
	return b, nil
}

func number(v values.Value) (float64, bool) {
	if i, ok := v.AsInt(); ok {
		return float64(i), true
	}
	return v.AsFloat()
}

// figures are what set_stats kept, in the order of the owners; null where there are none.
func (s *stats) figures() values.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.custom == nil {
		return values.Null
	}
	sorted := values.NewMap(s.custom.Len())
	for _, owner := range yaml.SortedKeys(s.custom) {
		figures, _ := s.custom.GetKey(owner)
		sorted.SetKey(owner, figures)
	}
	return values.FromMap(sorted)
}
