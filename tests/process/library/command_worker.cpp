#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <cstdio>
#include <cstring>

// A program of its own that tests start as a command: `command_worker <what to do>`.
int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "sleep") {
    for (;;) ::pause();
  }
  try {
    bulkhead::runtime rt{bulkhead::inherited};
    if (what == "double") {
      auto jobs = rt.endpoint<bulkhead::queue<int>>("jobs");
      auto results = rt.endpoint<bulkhead::queue<int>>("results");
      const auto factor = rt.endpoint<int>("factor");
      for (;;) {
        auto job = jobs.take();
        job.forward(results,
                    *job * factor);  // one step: a kill between two would repeat the answer
      }
    }
    if (what == "crash") {
      auto job = rt.endpoint<bulkhead::queue<int>>("jobs").take();
      ::abort();
    }
    if (what == "wrong type") static_cast<void>(rt.endpoint<bulkhead::queue<long>>("jobs"));
    if (what == "wrong name") static_cast<void>(rt.endpoint<bulkhead::queue<int>>("work"));
    if (what == "chat") {
      auto end = rt.endpoint<bulkhead::pipe_end<std::string, std::string>>("line");
      end.send("hello from " + bulkhead::this_process::name());
    }
  } catch (const std::system_error& failure) {
    if (failure.code() == bulkhead::errc::stop_requested) return 7;
    std::fprintf(stderr, "%s\n", failure.what());
    return 3;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 3;
  }
  return 0;
}
