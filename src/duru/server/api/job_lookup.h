// Finding a job by what a caller calls it: its id, or its name. A name means the unfinished job of
// that name, else the newest. An ended job is taken from the history, where it looks as it did at
// its end; the view holds the rest.
#pragma once

#include "duru/api/objects.h"
#include "duru/history/history.h"

namespace duru {

// Of the state alone; nullptr when it is not there.
const JobRecord* find_job(const State& state, const ProjectName& project, std::string_view ref);

Result<std::optional<HistoryJob>> find_past_job(History& history, const std::string& project,
                                                const std::string& ref);

// From the view while it is unfinished, else from the history; nothing when there is none.
// May read a file.
Result<std::optional<JobDetail>> find_job_detail(const View& view, History& history,
                                                 const std::string& project,
                                                 const std::string& ref);

}  // namespace duru
