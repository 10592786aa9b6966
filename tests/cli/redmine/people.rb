# An empty Redmine, and who is there: the bot's account, an agent, a customer, and somebody who belongs to no project.
# Their keys are printed, one a line.
ActiveRecord::Migration.verbose = false
ActiveRecord::Base.connection.migration_context.migrate
ActiveRecord::Base.descendants.each(&:reset_column_information)
Redmine::DefaultData::Loader.load('en')
Setting.rest_api_enabled = '1'
support = Project.create!(name: 'Support', identifier: 'support', trackers: Tracker.all,
                          enabled_module_names: ['issue_tracking'])
{ 'bellhop' => 'Manager', 'sofia' => 'Developer', 'dana' => 'Reporter', 'stranger' => nil }.each do |login, role|
  user = User.new(firstname: login.capitalize, lastname: 'Doe', mail: "#{login}@harbor.test")
  user.login = login
  user.password = user.password_confirmation = "password of #{login}"
  user.save!
  Member.create!(user: user, project: support, roles: [Role.find_by_name!(role)]) if role
  puts "key #{login} #{user.id} #{user.api_key}"
end
