#include "child_main.hpp"

#include <boost/core/demangle.hpp>
#include <bulkhead/detail/entry.hpp>
#include <bulkhead/runtime.hpp>
#include <cstdio>
#include <typeinfo>
#include <vector>

#include "pipe_state.hpp"
#include "process_context.hpp"
#include "process_record.hpp"
#include "queue_state.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {
namespace {

constexpr int uncaught_exception_code = 1;

/// The queues and pipe ends that came with the arguments, by index.
class given_endpoints final : public endpoint_source {
 public:
  given_endpoints(process_context& context, std::vector<os::child_context::endpoint>& endpoints) {
    for (auto& given : endpoints) {
      ids_.push_back(given.queue);
      if ((given.queue & os::control::pipe_bit) != 0) {
        ends_.push_back(
            context.adopt_end(given.queue, given.name, std::move(given.segment), given.bells));
        continue;
      }
      auto queue = context.adopt(given.queue, given.name, std::move(given.segment), given.bells);
      queue->take_seat({given.seat, given.epoch, given.sent_before});
      queues_.push_back(std::move(queue));
    }
  }
  std::uint64_t endpoint(std::uint64_t index) override {
    return index < ids_.size() ? ids_[index] : no_endpoint;
  }

 private:
  std::vector<std::shared_ptr<queue_state>> queues_;
  std::vector<std::shared_ptr<pipe_state>> ends_;
  std::vector<std::uint64_t> ids_;
};

int end_with(process_context& context, const std::string& text) {
  std::fprintf(stderr, "bulkhead: process '%s' (%u) ends: uncaught exception %s\n",
               context.who().name.c_str(), context.who().serial, text.c_str());
  // Best effort: without it the exit status has the code and no text.
  static_cast<void>(context.keeper().tell(os::control::kind::last_words,
                                          os::control::last_words{death_cause::exception, text}));
  return uncaught_exception_code;
}

}  // namespace

int run_child(os::child_context start) {
  const auto context = std::make_shared<process_context>(
      process_context::identity{start.serial, start.entry, start.incarnation, start.name},
      std::move(start.control), std::move(start.directory));
  // Both stay until the process ends, and so does its hold on the queues and pipe ends: the exit
  // handlers of the program may use them, the seats are the next incarnation's, and a pipe's peer
  // is told of the process's end and not of its function's.
  auto* const rt = new bulkhead::runtime(std::make_shared<runtime_state>(context));
  context->set_owner(rt->state());
  process_record::set_child(context, rt);
  static auto* const endpoints = new given_endpoints(*context, start.endpoints);
  const auto entry = reinterpret_cast<entry_function>(const_cast<void*>(start.function));
  try {
    entry({const_cast<void*>(start.target), start.arguments, endpoints});
    return 0;
  } catch (const std::system_error& failure) {
    // What a waiting call throws when the process is asked to stop is no failure of a function that
    // lets it pass.
    if (failure.code() == errc::stop_requested && context->stop_requested()) return 0;
    return end_with(*context,
                    boost::core::demangle(typeid(failure).name()) + ": " + failure.what());
  } catch (const std::exception& failure) {
    return end_with(*context,
                    boost::core::demangle(typeid(failure).name()) + ": " + failure.what());
  } catch (...) {
    return end_with(*context, "of a type that is no std::exception");
  }
}

}  // namespace bulkhead::detail
