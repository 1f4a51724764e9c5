// A log of one's own: one function gets a line for each event. bulkhead::spdlog has one for spdlog.
#include <bulkhead/bulkhead.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

class to_stdout final : public bulkhead::log_sink {
 public:
  void write(bulkhead::log_level level, std::string_view line) override {
    // The number in brackets is the process, and another one each time.
    const auto from = line.find(" (");
    const auto to = line.find("):");
    std::cout << (level == bulkhead::log_level::info ? "  " : "! ") << line.substr(0, from)
              << line.substr(to + 1) << std::endl;
  }
};

void crash_once() {
  if (bulkhead::this_process::incarnation() == 1) std::abort();
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt{{.log = std::make_shared<to_stdout>()}};
  bulkhead::supervisor sup{rt, {.name = "main"}};
  const auto job = sup.start(
      {.name = "job", .restart = bulkhead::restart::transient, .process = {.limits = {.core = 0}}},
      crash_once);
  job.join();
}
// examples/supervision/supervision_log prints
//     main/job #1: started
//     main/job #1: ready
//   ! main/job #1: exited: signal 6 (SIGABRT)
//   ! main/job #1: restarting, attempt 1
//     main/job #2: started
//     main/job #2: ready
//     main/job #2: exited: exit code 0
