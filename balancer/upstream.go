package balancer

import (
	"slices"
	"strconv"
	"strings"
)

// upstreamServer is a line "server ADDRESS ...;" of a file of nginx.
type upstreamServer struct {
	upstream string // the block that it stands in, or "" outside of any
	words    []span // "server", the address, the parameters
	end      int    // where its semicolon is
}

// span is a word of a file, with its place.
type span struct {
	text       string
	start, end int
}

func (s upstreamServer) address() string { return strings.Trim(s.words[1].text, `"'`) }

func (s upstreamServer) isDown() bool {
	return slices.ContainsFunc(s.words[2:], func(w span) bool { return w.text == "down" })
}

// weight is the server's share, 1 where the file says nothing.
func (s upstreamServer) weight() int {
	for _, w := range s.words[2:] {
		if n, ok := strings.CutPrefix(w.text, "weight="); ok {
			weight, _ := strconv.Atoi(n)
			return weight
		}
	}
	return 1
}

// readUpstreams finds the servers of a file's upstream blocks, and those outside of any
// block, as in a file that an upstream block includes. It also names the blocks.
func readUpstreams(text string) (servers []upstreamServer, names []string) {
	var words []span
	var blocks []string // the open blocks: the name of an upstream, or "" for any other
	for _, w := range nginxWords(text) {
		switch w.text {
		case "{":
			name := ""
			if len(words) == 2 && words[0].text == "upstream" {
				name = words[1].text
				names = append(names, name)
			}
			blocks, words = append(blocks, name), nil
		case "}":
			blocks, words = blocks[:max(0, len(blocks)-1)], nil
		case ";":
			upstream := ""
			if len(blocks) > 0 {
				upstream = blocks[len(blocks)-1]
			}
			if len(words) > 1 && words[0].text == "server" && (upstream != "" || len(blocks) == 0) {
				servers = append(servers, upstreamServer{upstream: upstream, words: words, end: w.start})
			}
			words = nil
		default:
			words = append(words, w)
		}
	}
	return servers, names
}

// nginxWords cuts a file into words as nginx does; ";", "{" and "}" are words of their
// own unless they are quoted, which is then left in the word.
func nginxWords(text string) []span {
	var words []span
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case strings.IndexByte(";{}", c) >= 0:
			words = append(words, span{text[i : i+1], i, i + 1})
			i++
		default:
			end := wordEnd(text, i)
			words = append(words, span{text[i:end], i, end})
			i = end
		}
	}
	return words
}

func wordEnd(text string, at int) int {
	if quote := text[at]; quote == '"' || quote == '\'' {
		for at++; at < len(text) && text[at] != quote; at++ {
			if text[at] == '\\' {
				at++
			}
		}
		return min(at+1, len(text))
	}
	for at < len(text) && strings.IndexByte(" \t\r\n;{}", text[at]) < 0 {
		if text[at] == '\\' {
			at++
		}
		at++
	}
	return min(at, len(text))
}

// marked gives the text with the mark "down" put on these servers, or taken off. All else
// stays byte for byte.
func marked(text string, servers []upstreamServer, down bool) string {
	for _, s := range slices.Backward(servers) {
		if s.isDown() == down {
			continue
		}
		if down {
			last := s.words[len(s.words)-1].end
			text = text[:last] + " down" + text[last:]
			continue
		}
		for i, w := range slices.Backward(s.words) {
			if i > 1 && w.text == "down" {
				text = text[:s.words[i-1].end] + text[w.end:]
			}
		}
	}
	return text
}
