#pragma once

#include <algorithm>
#include <bulkhead/bulkhead.hpp>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace bulkhead_test {

/// Keeps what the handler of events is told.
class event_log {
 public:
  void listen_to(bulkhead::supervisor& sup) {
    sup.on_event([this](const bulkhead::supervision_event& event) {
      const std::lock_guard lock(mutex_);
      all_.push_back(event);
    });
  }
  /// What each event of that kind says.
  template <class What>
  std::vector<What> details() const {
    const std::lock_guard lock(mutex_);
    std::vector<What> found;
    for (const auto& each : all_) {
      if (const auto* what = std::get_if<What>(&each.what)) found.push_back(*what);
    }
    return found;
  }
  /// "path child" of each event of that kind.
  template <class What>
  std::vector<std::string> of() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const auto& each : all_) {
      if (std::holds_alternative<What>(each.what)) {
        found.push_back(each.supervisor + " " + each.child);
      }
    }
    return found;
  }
  template <class What>
  bool has(const std::string& path_and_child) const {
    const auto all = of<What>();
    return std::find(all.begin(), all.end(), path_and_child) != all.end();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<bulkhead::supervision_event> all_;
};

}  // namespace bulkhead_test
