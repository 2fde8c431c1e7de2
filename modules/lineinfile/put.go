package lineinfile

import "strings"

// put brings the line among the others and says what was done.
func (m *Module) put(lines []string) ([]string, string) {
	at, place := m.find(lines)
	switch {
	case at >= 0:
		return m.replace(lines, at)
	case m.Backrefs:
		return lines, ""
	case m.InsertBefore == "BOF" || m.InsertAfter == "BOF":
		return m.insertAt(lines, 0)
	case place < 0:
		return m.atEnd(lines)
	case m.InsertBefore == "" && m.stands(lines, place):
		return lines, ""
	}
	return m.insertAt(lines, place)
}

// find gives the number of the line that is to be replaced, else where the new one goes;
// -1 is nowhere.
func (m *Module) find(lines []string) (at, place int) {
	at = -1
	for i, line := range lines {
		if m.matches(line) {
			at = i
			if m.FirstMatch {
				break
			}
		}
	}
	if at >= 0 {
		return at, -1
	}
	place = -1
	for i, line := range lines {
		switch {
		case strings.TrimRight(line, "\r\n") == *m.Line:
			at = i
		case m.insert != nil && m.insert.MatchString(line):
			place = i
			if m.InsertAfter != "" {
				place++
			}
			if m.FirstMatch {
				return at, place
			}
		}
	}
	return at, place
}

// replace puts the line in the place of another one.
func (m *Module) replace(lines []string, at int) ([]string, string) {
	made := *m.Line
	if m.replacement != nil {
		match := m.match.FindStringSubmatchIndex(lines[at])
		if match == nil { // the line itself was found, and stays
			return lines, ""
		}
		made = m.replacement.Expand(lines[at], match)
	}
	if !strings.HasSuffix(made, "\n") {
		made += "\n"
	}
	if lines[at] == made {
		return lines, ""
	}
	lines[at] = made
	return lines, "line replaced"
}

// stands reports whether the line at that place is the wanted one already.
func (m *Module) stands(lines []string, at int) bool {
	if at == len(lines) {
		at--
	}
	return at >= 0 && strings.TrimRight(lines[at], "\r\n") == *m.Line
}

func (m *Module) insertAt(lines []string, at int) ([]string, string) {
	if at == len(lines) {
		return m.atEnd(lines)
	}
	made := append([]string{}, lines[:at]...)
	made = append(made, *m.Line+"\n")
	return append(made, lines[at:]...), "line added"
}

func (m *Module) atEnd(lines []string) ([]string, string) {
	if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") && !strings.HasSuffix(lines[n-1], "\r") {
		lines = append(lines, "\n")
	}
	return append(lines, *m.Line+"\n"), "line added"
}
