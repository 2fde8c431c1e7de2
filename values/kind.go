package values

// Phrase gives the kind's name with its article, for messages: a list, an int.
func (k Kind) Phrase() string {
	switch k {
	case KindNull:
		return "null"
	case KindInt, KindObject:
		return "an " + k.String()
	}
	return "a " + k.String()
}
