#include "child_main.hpp"

#include <unistd.h>
#include <boost/core/demangle.hpp>
#include <bulkhead/detail/entry.hpp>
#include <bulkhead/runtime.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <system_error>
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
#include "stop_error.hpp"

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

// What a waiting call throws when the process is asked to stop is no failure of a function that
// lets it pass.
bool is_stop(const process_context& context) {
  try {
    throw;
  } catch (const std::system_error& failure) {
    return failure.code() == errc::stop_requested && context.stop_requested();
  } catch (...) {
    return false;
  }
}

// For what leaves the child's function, which ends the process; or another thread, which aborts it.
// The stack is as it was at the throw: no destructor has run.
[[noreturn]] void on_terminate() {
  if (std::current_exception() == nullptr) std::abort();
  process_context& context = *process_record::child_context();
  // A copy that this process forked is nobody the keeper knows, and does not speak for it.
  if (!context.in_original_process()) std::abort();
  const bool stops = is_stop(context);
  if (!stops) say_last_words(context, describe_exception());
  if (gettid() != getpid()) std::abort();
  // No exit handlers: what they lock may be held on this stack.
  std::fflush(nullptr);
  _exit(stops ? 0 : uncaught_exception_code);
}

// Runs `function` as if nothing had called it. Where an exception finds no handler up to here, the
// C++ runtime does not unwind but calls the terminate handler. So no `delivery` of the function is
// released by its destructor: the leases are still held when the process ends by its own doing, and
// count as failed attempts, or a message that makes its handler throw would be delivered for ever.
// That is how threads and `_start` tell the unwinder that they are outermost.
[[gnu::noinline]] int call_outermost(const std::function<int()>& function) {
#if defined(__x86_64__)
  asm volatile(".cfi_undefined rip");
#elif defined(__aarch64__)
  asm volatile(".cfi_undefined x30");
#endif
  const int code = function();
  asm volatile("" ::: "memory");  // it is no tail call, which would leave no frame of ours
  return code;
}

}  // namespace

namespace {

int run(os::child_context& start) {
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
  if (start.setup && start.setup->memory_bytes) limit_memory(*start.setup->memory_bytes);
  try {
    if (prepare != nullptr) prepare();
    if (start.standby) wait_for_promotion(start, *context, *endpoints);
    endpoints->take_up();
    start_heart(heart, rt->state());
    if (start.setup && start.setup->announce) {
      static_cast<void>(context->keeper().tell(os::control::kind::entered, os::control::done{}));
    }
    entry({const_cast<void*>(start.target), start.arguments, endpoints});
  } catch (const stop_error&) {
    if (!context->stop_requested()) throw;  // some other process's, brought here by the user
  }
  return 0;
}

}  // namespace

int run_child(os::child_context start) {
  return call_outermost([&start] { return run(start); });
}

}  // namespace bulkhead::detail
