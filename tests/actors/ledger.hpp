#pragma once

#include <fcntl.h>
#include <unistd.h>
#include <bulkhead/actors/spawn_process.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "actors/dialect.hpp"
#include "actors/stopped.hpp"

// An actor that notes on a file what it handles, so that its lives can be told from outside.
namespace bulkhead_test {

using note_atom = caf::atom_constant<caf::atom("note")>;
using pid_atom = caf::atom_constant<caf::atom("pid")>;
using hold_atom = caf::atom_constant<caf::atom("hold")>;
using freeze_atom = caf::atom_constant<caf::atom("freeze")>;
using quit_atom = caf::atom_constant<caf::atom("quit")>;
using fail_atom = caf::atom_constant<caf::atom("fail")>;

using ledger =
    caf::typed_actor<caf::replies_to<note_atom, int>::with<int>, caf::reacts_to<int>,
                     caf::replies_to<pid_atom>::with<int>, caf::replies_to<hold_atom>::with<int>,
                     caf::replies_to<freeze_atom>::with<int>, caf::reacts_to<quit_atom>,
                     caf::reacts_to<fail_atom>>;

// One write a line: it is there whole, or not at all.
inline void note(const std::string& path, int number) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string line = std::to_string(number) + "\n";
  static_cast<void>(!::write(fd, line.data(), line.size()));
  ::close(fd);
}

inline ledger::behavior_type keep_ledger(ledger::pointer self, const std::string& path) {
  const auto held = std::make_shared<std::vector<caf::typed_response_promise<int>>>();
  return {[path](note_atom, int n) {
            note(path, n);
            return n;
          },
          [path](int n) { note(path, n); },
          [](pid_atom) { return static_cast<int>(::getpid()); },
          [self, held](hold_atom) {
            held->push_back(self->make_response_promise<int>());
            return held->back();
          },
          [](freeze_atom) {
            ::raise(SIGSTOP);
            return 1;
          },
          [self](quit_atom) { self->quit(caf::exit_reason::normal); },
          [self](fail_atom) { self->quit(caf::sec::runtime_error); }};
}

/// A file that is gone with it.
class scratch_file {
 public:
  scratch_file() {
    std::string name = std::filesystem::temp_directory_path() / "bulkhead-XXXXXX";
    ::close(::mkstemp(name.data()));
    path_ = name;
  }
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;
  ~scratch_file() { std::remove(path_.c_str()); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<int> numbers() const {
    std::ifstream in(path_);
    std::vector<int> all;
    for (int n = 0; in >> n;) all.push_back(n);
    return all;
  }

 private:
  std::string path_;
};

}  // namespace bulkhead_test
