#include "child_main.hpp"

#include <boost/core/demangle.hpp>
#include <bulkhead/detail/entry.hpp>
#include <bulkhead/runtime.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <typeinfo>
#include <vector>

#include "given_endpoints.hpp"
#include "heart_start.hpp"
#include "memory_limit.hpp"
#include "os/end_with_keeper.hpp"
#include "process_context.hpp"
#include "process_record.hpp"
#include "runtime_state.hpp"
#include "standby_wait.hpp"

namespace bulkhead::detail {
namespace {

constexpr int uncaught_exception_code = 1;

void say_last_words(process_context& context, const std::string& text) {
  std::fprintf(stderr, "bulkhead: process '%s' (%u) ends: uncaught exception %s\n",
               context.who().name.c_str(), context.who().serial, text.c_str());
  const death_cause cause =
      memory_limit_was_hit() ? death_cause::memory_limit : death_cause::exception;
  // Best effort: without it the exit status has the code and no text.
  static_cast<void>(
      context.keeper().tell(os::control::kind::last_words, os::control::last_words{cause, text}));
}

// Of the exception that is being handled.
std::string describe_exception() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    lift_memory_limit();
    return out_of_memory_text();
  } catch (const std::exception& failure) {
    return boost::core::demangle(typeid(failure).name()) + ": " + failure.what();
  } catch (...) {
    return "of a type that is no std::exception";
  }
}

// For what leaves a thread, or a function that promised to throw nothing: the process aborts.
[[noreturn]] void on_terminate() {
  if (std::current_exception() != nullptr) {
    say_last_words(*process_record::child_context(), describe_exception());
  }
  std::abort();
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
  process_heart* const heart = give_heart(start, *context);
  static auto* const no_next = new os::no_next_line;
  context->keeper().set_source(no_next);
  process_record::set_child(context, rt);
  std::set_terminate(&on_terminate);
  static auto* const endpoints = new given_endpoints(*context, std::move(start.endpoints));
  const auto prepare = reinterpret_cast<void (*)()>(const_cast<void*>(start.prepare));
  const auto entry = reinterpret_cast<entry_function>(const_cast<void*>(start.function));
  try {
    if (start.setup && start.setup->memory_bytes) limit_memory(*start.setup->memory_bytes);
    if (prepare != nullptr) prepare();
    if (start.standby) wait_for_promotion(start, *context, *endpoints);
    endpoints->take_up();
    start_heart(heart, rt->state());
    if (start.setup && start.setup->announce) {
      static_cast<void>(context->keeper().tell(os::control::kind::entered, os::control::done{}));
    }
    entry({const_cast<void*>(start.target), start.arguments, endpoints});
    return 0;
  } catch (const std::system_error& failure) {
    // What a waiting call throws when the process is asked to stop is no failure of a function that
    // lets it pass.
    if (failure.code() == errc::stop_requested && context->stop_requested()) return 0;
    say_last_words(*context, describe_exception());
  } catch (...) {
    say_last_words(*context, describe_exception());
  }
  return uncaught_exception_code;
}

}  // namespace bulkhead::detail
