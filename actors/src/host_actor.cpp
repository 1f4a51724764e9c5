#include <bulkhead/actors/detail/host_actor.hpp>

#include <unistd.h>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/this_process.hpp>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "actor_endpoints.hpp"
#include "lane_reader.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

namespace {

using namespace std::chrono_literals;

// How long an actor may take to end that nobody can reach; then its process ends without it.
constexpr auto end_patience = 2s;
// How often a process that others have handles of looks whether they have.
constexpr auto look_up_period = 50ms;

bool is_abnormal(const caf::error& reason) {
  return reason && reason != caf::exit_reason::normal && reason != caf::exit_reason::user_shutdown;
}

void await_stop() {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, this_process::stop_token(), [] { return false; });
}

// Who was lent a handle has a lane of its own, which a thread of its own serves.
void serve_lent(const lane_reader& reader, pump_unit& unit, system_state& state) {
  while (!reader.has_ended() && !this_process::stop_requested() &&
         state.keeps(reader.actor()->id())) {
    unit.run();
    if (unit.is_idle()) std::this_thread::sleep_for(look_up_period);
  }
}

// Nobody has a handle, or this process is asked to stop. Only who supervises it ends a supervised
// one: ending by itself it would be started again, for nothing.
void end_unreachable(lane_reader& reader, pump_unit& unit, hosting how) {
  if (how != hosting::owned) await_stop();
  compat::send_exit(reader.actor(), caf::exit_reason::user_shutdown);
  const auto end = std::chrono::steady_clock::now() + end_patience;
  while (!reader.has_ended() && std::chrono::steady_clock::now() < end) {
    unit.run();
    if (unit.is_idle()) std::this_thread::sleep_for(1ms);
  }
}

}  // namespace

struct actor_host::parts {
  // The actor runs on this thread; CAF's one worker is for those that it spawns.
  parts()
      : sys(this_process::runtime(),
            [](caf::actor_system_config& config) {
              compat::prefer_sharing(config);
              compat::one_worker(config);
            },
            {.shutdown = end_patience}) {}

  system sys;
  std::unique_ptr<actor_endpoints> names;
};

actor_host::actor_host() : parts_(std::make_unique<parts>()) {}
actor_host::~actor_host() = default;

bulkhead::detail::endpoint_source* actor_host::names(bulkhead::detail::endpoint_source* from) {
  if (from == nullptr) return nullptr;
  parts_->names = std::make_unique<actor_endpoints>(*from, parts_->sys.state(), true);
  return parts_->names.get();
}

void actor_host::run(const actor_server& lane, const message_codec& codec, hosting how,
                     const launch_function& launch) {
  system& sys = parts_->sys;
  pump_unit& unit = sys.state().own_unit();
  unit.adopt();
  lane_reader reader(lane.end(), codec, how, sys.state(), unit);
  reader.attach(launch(sys.caf(), unit));
  if (!reader.serve()) {
    if (how == hosting::owned) serve_lent(reader, unit, sys.state());
    end_unreachable(reader, unit, how);
  }
  reader.answer_watcher();
  const caf::error reason = reader.reason();
  const std::string text = is_abnormal(reason) ? compat::render(sys.caf(), reason) : std::string();
  reader.drop_actor();
  unit.hand_over();  // those that it spawned, whom its end asks to end
  if (!sys.shutdown()) {
    std::fprintf(stderr, "bulkhead: process '%s' ends although an actor in it does not\n",
                 this_process::name().c_str());
    std::fflush(nullptr);
    ::_exit(text.empty() ? 0 : 1);
  }
  if (how != hosting::owned && !text.empty()) {
    throw std::runtime_error("the actor ended: " + text);
  }
}

}  // namespace bulkhead::actors::detail
