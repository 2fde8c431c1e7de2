package variables

// Moment is what a run knew of a host at some time: its facts, and the variables that
// tasks registered, set and included.
type Moment struct{ state *hostState }

// Moment gives what is known of a host now.
func (s *Store) Moment(host string) Moment { return Moment{s.host(host).copy()} }

// Return makes what was known at a moment what is known of the host again.
func (s *Store) Return(host string, m Moment) {
	state := m.state.copy()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[host] = state
}
