package values

import ()

// Map is a map that keeps the order in which keys were first set. As in Python,
// keys are strings, numbers, bools, null or tuples of these, and 1, 1.0 and True are
// the same key.
type Map struct {
	keys  []Value
	vals  []Value
	index map[any]int
}

// NewMap makes an empty map with room for n entries.
func NewMap(n int) *Map {
	return &Map{keys: make([]Value, 0, n), vals: make([]Value, 0, n), index: make(map[any]int, n)}
}

// MapOf makes a map value from alternating string keys and values:
// MapOf("rc", Int(0), "stdout", String("")).
func MapOf(pairs ...any) Value {
	m := NewMap(len(pairs) / 2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Set(pairs[i].(string), pairs[i+1].(Value))
	}
	return FromMap(m)
}

// Len is the number of entries.
func (m *Map) Len() int { return len(m.keys) }

// Get gives the value of a string key.
func (m *Map) Get(key string) (Value, bool) {
	if i, ok := m.index[key]; ok {
		return m.vals[i], true
	}
	return Null, false
}

// GetKey gives the value of a key of any kind.
func (m *Map) GetKey(key Value) (Value, bool) {
	if id, hashable := hashKey(key); hashable {
		if i, ok := m.index[id]; ok {
			return m.vals[i], true
		}
	}
	return Null, false
}

// Has reports whether a string key is set.
func (m *Map) Has(key string) bool { _, ok := m.index[key]; return ok }

// Set sets a string key. A key that is there keeps its place.
func (m *Map) Set(key string, v Value) { m.set(key, String(key), v) }

// SetKey sets a key of any kind; it reports false where the key is not hashable
// (a list, a map).
func (m *Map) SetKey(key, v Value) bool {
	id, ok := hashKey(key)
	if ok {
		m.set(id, key, v)
	}
	return ok
}

func (m *Map) set(id any, key, v Value) {
	if i, ok := m.index[id]; ok {
		m.vals[i] = v
		return
	}
	if m.index == nil {
		m.index = map[any]int{}
	}
	m.index[id] = len(m.keys)
	m.keys = append(m.keys, key)
	m.vals = append(m.vals, v)
}

// Delete removes a key of any kind and reports whether it was there.
func (m *Map) Delete(key Value) bool {
	id, hashable := hashKey(key)
	if !hashable {
		return false
	}
	at, ok := m.index[id]
	if !ok {
		return false
	}
	m.keys = append(m.keys[:at:at], m.keys[at+1:]...)
	m.vals = append(m.vals[:at:at], m.vals[at+1:]...)
	delete(m.index, id)
	for k, i := range m.index {
		if i > at {
			m.index[k] = i - 1
		}
	}
	return true
}

// Keys gives the keys in order. The caller must not change the slice.
func (m *Map) Keys() []Value { return m.keys }

// Values gives the values in the order of the keys. The caller must not change the slice.
func (m *Map) Values() []Value { return m.vals }

// All ranges over keys and values in order.
func (m *Map) All() func(yield func(Value, Value) bool) {
	return func(yield func(Value, Value) bool) {
		for i := range m.keys {
			if !yield(m.keys[i], m.vals[i]) {
				return
			}
		}
	}
}

// Clone copies the map; the values are shared.
func (m *Map) Clone() *Map {
	c := NewMap(m.Len())
	for i, key := range m.keys {
		c.SetKey(key, m.vals[i])
	}
	return c
}

type nullKey struct{}
type tupleKey string

// hashKey turns a key into what identifies it in the index: equal keys of Python
// (1, 1.0, True) give the same identity.
func hashKey(key Value) (any, bool) {
	switch d := key.data.(type) {
	case nil:
		return nullKey{}, true
	case string:
		return d, true
	case bool, int64, longInt, float64:
		return number(d), true
	case *List:
		if !d.Tuple {
			return nil, false
		}
		return tupleKey(Repr(key)), true
	case Object:
		return d, true
	}
	return nil, false
}
