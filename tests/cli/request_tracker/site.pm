# The config of one instance. {folder} and {port} are put in by the tests; nothing is read or written elsewhere.
Set($rtname, 'support.test');
Set($Organization, 'support.test');
Set($CorrespondAddress, 'support@support.test');
Set($CommentAddress, 'comment@support.test');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebPath, '');
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($Timezone, 'UTC');

Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.db');
Set($DatabaseHost, '');
Set($DatabaseUser, '');
Set($DatabasePassword, '');
Set($DatabaseAdmin, '');

Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');
$RT::VarPath = '{folder}';
$RT::MasonDataDir = '{folder}/mason';
$RT::MasonSessionDir = '{folder}/session';

# No mail leaves: all of it is written into one file.
Set($MailCommand, 'testfile');
require Mail::Mailer::testfile;
$Mail::Mailer::testfile::config{outfile} = '{folder}/mails';
1;
