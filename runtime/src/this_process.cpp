#include <bulkhead/errc.hpp>
#include <bulkhead/this_process.hpp>
#include <thread>

#include "heart.hpp"
#include "os/signals.hpp"
#include "process_context.hpp"
#include "process_record.hpp"

namespace bulkhead::this_process {
namespace {

// Fires its token when the process is asked to stop. Lives as long as the process.
class stop_watch {
 public:
  explicit stop_watch(std::shared_ptr<detail::process_context> context) {
    if (context == nullptr) return;
    const os::all_signals_blocked block;
    std::thread([this, context = std::move(context)] {
      while (!context->stop_requested()) context->wait_for_stop({});
      source_.request_stop();
    }).detach();
  }
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
};

}  // namespace

const std::string& name() {
  static const std::string host = "host";
  const auto& context = detail::process_record::child_context();
  return context != nullptr ? context->who().name : host;
}

std::uint64_t incarnation() {
  const auto& context = detail::process_record::child_context();
  return context != nullptr ? context->incarnation() : 1;
}

bulkhead::runtime& runtime() {
  auto* const rt = detail::process_record::child_runtime();
  if (rt == nullptr) {
    throw error(errc::not_initialised,
                "this_process::runtime() is for children; the host makes its own runtime");
  }
  return *rt;
}

bool stop_requested() noexcept {
  const auto& context = detail::process_record::child_context();
  return context != nullptr && context->stop_requested();
}

std::stop_token stop_token() {
  static auto* const watch = new stop_watch(detail::process_record::child_context());
  return watch->token();
}

void heartbeat() noexcept {
  if (auto* const heart = detail::process_record::heart()) heart->beat();
}

void ready() {
  const auto& context = detail::process_record::child_context();
  if (context == nullptr || !context->in_original_process()) return;
  // One that cannot be told is gone, and this process with it.
  static_cast<void>(context->keeper().tell(os::control::kind::ready, os::control::done{}));
}

}  // namespace bulkhead::this_process
