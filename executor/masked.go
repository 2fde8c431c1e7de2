package executor

// masked gives the event without secrets.
func masked(e Event, secrets Secrets) Event {
	switch e := ofTask(e, secrets).(type) {
	case Note:
		e.Text = secrets.Text(e.Text)
		return e
	case Warning:
		e.Text = secrets.Text(e.Text)
		return e
	case Frozen:
		e.Name, e.Override = secrets.Text(e.Name), secrets.Text(e.Override)
		return e
	case LockTaken:
		e.Name = secrets.Text(e.Name)
		return e
	case LockFreed:
		e.Name = secrets.Text(e.Name)
		return e
	case LockRefused:
		e.Name, e.Message = secrets.Text(e.Name), secrets.Text(e.Message)
		return e
	case Unwinding:
		e.Reason = secrets.Text(e.Reason)
		return e
	case ApprovalAsked:
		e.Done, e.Next = secrets.Text(e.Done), secrets.Text(e.Next)
		return e
	case ApprovalAnswered:
		e.Next, e.Reason = secrets.Text(e.Next), secrets.Text(e.Reason)
		return e
	case PlayStarted:
		e.Name = secrets.Text(e.Name)
		return e
	case PlayEnded:
		e.Name, e.Aborted = secrets.Text(e.Name), secrets.Text(e.Aborted)
		return e
	case Interrupted:
		e.Open = maskedAll(e.Open, secrets)
		return e
	case RunEnded:
		e.Custom, e.Outcome.Reason = secrets.Value(e.Custom), secrets.Text(e.Outcome.Reason)
		return e
	default:
		return e
	}
}

// ofTask masks the events that are about a task.
func ofTask(e Event, secrets Secrets) Event {
	switch e := e.(type) {
	case HostResult:
		e.Task, e.Result = e.Task.masked(secrets), secrets.Value(e.Result)
		e.Warnings = maskedAll(e.Warnings, secrets)
		return e
	case ItemResult:
		e.Task, e.Result = e.Task.masked(secrets), secrets.Value(e.Result)
		e.Label, e.Warnings = secrets.Text(e.Label), maskedAll(e.Warnings, secrets)
		return e
	case Retry:
		e.Task, e.Result = e.Task.masked(secrets), secrets.Value(e.Result)
		return e
	case Progress:
		e.Task, e.Line = e.Task.masked(secrets), secrets.Text(e.Line)
		return e
	case TaskStarted:
		e.Task = e.Task.masked(secrets)
		return e
	case HandlerStarted:
		e.Task = e.Task.masked(secrets)
		return e
	case UndoStarted:
		e.Task = e.Task.masked(secrets)
		return e
	case HostStarted:
		e.Task = e.Task.masked(secrets)
		return e
	case Background:
		e.Task = e.Task.masked(secrets)
		return e
	case Included:
		e.Task, e.Label, e.File = e.Task.masked(secrets), secrets.Text(e.Label), secrets.Text(e.File)
		return e
	case Together:
		e.Task = e.Task.masked(secrets)
		return e
	}
	return e
}

func (p Place) masked(secrets Secrets) Place {
	p.Name, p.Args = secrets.Text(p.Name), secrets.Text(p.Args)
	return p
}

func maskedAll(texts []string, secrets Secrets) []string {
	var all []string
	for _, text := range texts {
		all = append(all, secrets.Text(text))
	}
	return all
}
