#pragma once

namespace bulkhead {

/// Prepares the process: the first line of `main`.
///
/// In a program started by its user it returns at once. The same program is executed again, without
/// its user seeing it, as the keeper of the process tree and, forked from that, as every child:
/// there it does not return.
/// @threads call it before the first thread is started: a keeper with several threads cannot fork
/// children and says so at the first spawn.
/// @crash nothing of this library works in a process that did not call it
/// (`errc::not_initialised`). Where main is not yours, link
///   `bulkhead::auto_init` instead, which calls it before main.
void init(int argc, char** argv);

}  // namespace bulkhead
