package values

// KeyOf gives the key as the map holds it (with its own position) for one that is equal.
func (m *Map) KeyOf(key Value) (Value, bool) {
	if id, hashable := hashKey(key); hashable {
		if i, ok := m.index[id]; ok {
			return m.keys[i], true
		}
	}
	return Null, false
}
